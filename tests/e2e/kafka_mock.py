#!/usr/bin/env python3
"""librdkafka's mock cluster on loopback, for kafka_mock.py FILE TOPIC.

Writes its bootstrap servers to FILE. SIGUSR1 takes the brokers away, SIGUSR2 brings them back.
"""
from __future__ import annotations

import ctypes
import os
import signal
import sys
from ctypes import c_char_p, c_int, c_int32, c_size_t, c_void_p

BROKERS = 3


def library() -> ctypes.CDLL:
    lib = ctypes.CDLL("librdkafka.so.1")
    lib.rd_kafka_conf_new.restype = c_void_p
    lib.rd_kafka_conf_set.argtypes = [c_void_p, c_char_p, c_char_p, c_char_p, c_size_t]
    lib.rd_kafka_new.restype = c_void_p
    lib.rd_kafka_new.argtypes = [c_int, c_void_p, c_char_p, c_size_t]
    lib.rd_kafka_mock_cluster_new.restype = c_void_p
    lib.rd_kafka_mock_cluster_new.argtypes = [c_void_p, c_int]
    lib.rd_kafka_mock_cluster_bootstraps.restype = c_char_p
    lib.rd_kafka_mock_cluster_bootstraps.argtypes = [c_void_p]
    lib.rd_kafka_mock_topic_create.argtypes = [c_void_p, c_char_p, c_int, c_int]
    for name in ("up", "down"):
        getattr(lib, f"rd_kafka_mock_broker_set_{name}").argtypes = [c_void_p, c_int32]
    return lib


def main() -> None:
    path, topic = sys.argv[1:]
    lib = library()
    why = ctypes.create_string_buffer(256)
    conf = lib.rd_kafka_conf_new()
    lib.rd_kafka_conf_set(conf, b"log_level", b"0", why, 256)
    owner = lib.rd_kafka_new(0, conf, why, 256)
    cluster = lib.rd_kafka_mock_cluster_new(owner, BROKERS)
    lib.rd_kafka_mock_topic_create(cluster, topic.encode(), 4, BROKERS)
    signals = {signal.SIGUSR1: lib.rd_kafka_mock_broker_set_down,
               signal.SIGUSR2: lib.rd_kafka_mock_broker_set_up}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with open(path + ".tmp", "wb") as f:
        f.write(lib.rd_kafka_mock_cluster_bootstraps(cluster))
    os.rename(path + ".tmp", path)
    while True:
        change = signals[signal.Signals(signal.sigwait(signals))]
        for broker in range(1, BROKERS + 1):
            change(cluster, broker)


if __name__ == "__main__":
    main()
