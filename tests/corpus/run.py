#!/usr/bin/env python3
"""Replays every capture of the corpus and compares the transactions.

  tests/corpus/run.py [WORD...]        only captures whose name has a WORD
  tests/corpus/run.py -v WORD          and shows the result
  tests/corpus/run.py --accept WHY NAME  records NAME's current result as correct,
                                       and why, in reasons.json
  tests/corpus/run.py --save           writes score.json
  tests/corpus/run.py --sanitized      checks only for sanitizer reports

Firm expectations, on which tshark 4.6.9, tshark 4.0.17 and Suricata 8.0.7 agree,
must be met in every field. For the others, the preferred view must be met, or
reasons.json explains why not and has the digest of the correct result.
"""
import argparse
import json
import multiprocessing
import os
import sys

import corpus

REASONS = os.path.join(corpus.HERE, "reasons.json")
SCORE = os.path.join(corpus.HERE, "score.json")
EICAR = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
NO_EICAR = "no EICAR string in a decoded response body"


def read_json(path):
    if not os.path.exists(path):
        return {}
    with open(path) as f:
        return json.load(f)


def write_json(path, value):
    with open(path, "w") as f:
        json.dump(value, f, indent=1, sort_keys=True)
        f.write("\n")


# ------------------------------------------------ what counts as the same
def host_of(tx):
    """Our host, or None if it only repeats the server's address."""
    if tx.method is None:
        return None
    bare = f"[{tx.server}]" if ":" in tx.server else tx.server
    if tx.host in (tx.server, bare, f"{bare}:{tx.server_port}"):
        return None
    # The authority-form target of CONNECT is the host (RFC 9112, 3.2.3);
    # tshark uses the Host field only.
    if tx.method == "CONNECT" and tx.host == tx.target:
        return None
    return tx.host


def hosts_equal(want, tx, loose):
    """loose: compare as Suricata reports hosts, in lower case without port."""
    ours = host_of(tx)
    if want in (None, "") or ours is None:
        # A Host field that names the server's own address is the same as none.
        return want in (None, "", tx.host) or (
            loose and bare_host(want) == bare_host(tx.host))
    return bare_host(want) == bare_host(ours) if loose else want == ours


def bare_host(host):
    host = host.lower()
    if host.startswith("["):
        return host[1:].split("]")[0]
    return host.rsplit(":", 1)[0] if host.count(":") == 1 else host


def line_equal(want, tx, loose=False):
    method, host, uri, status = want
    return (method == tx.method and uri == tx.target and status == tx.status
            and hosts_equal(host, tx, loose))


def body_equal(want, tx):
    for side, length, sha in (("req", tx.req_len, tx.req_sha),
                              ("resp", tx.rsp_len, tx.rsp_sha)):
        if side + "_body_len" in want and want[side + "_body_len"] != length:
            return False
        if side + "_body_sha" in want and want[side + "_body_sha"] != sha:
            return False
    return "interim" not in want or list(want["interim"]) == list(tx.interim)


def match(wanted, txs, equal):
    """Matches expected with actual transactions; returns both remainders."""
    left, missing = list(txs), []
    for w in wanted:
        for t in left:
            if equal(w, t):
                left.remove(t)
                break
        else:
            missing.append(w)
    return missing, left


def compare_firm(entry, txs):
    def equal(w, t):
        return (line_equal((w["method"], w["host"], w["uri"], w["status"]), t)
                and body_equal(w, t))
    return match([w for w in entry["expected"]], txs, equal)


def compare_preferred(entry, txs):
    loose = entry.get("preferred") == "suricata"
    wanted = entry.get("preferred_tx", [])
    return match(wanted, txs, lambda w, t: line_equal(w, t, loose))


def other_bodies(entry, txs):
    """If the lines agree, tshark's bodies should agree as well."""
    problems = []
    for w in entry["expected"]:
        line = (w["method"], w["host"], w["uri"], w["status"])
        ours = [t for t in txs if line_equal(line, t, loose=True)]
        if ours and not any(body_equal(w, t) for t in ours):
            problems.append(f"body differs: {brief(w)}")
            problems += [f"ours:    {t}" for t in ours]
    return problems


def brief(want):
    if isinstance(want, dict):
        keys = ("method", "host", "uri", "status", "req_body_len", "req_body_sha",
                "resp_body_len", "resp_body_sha", "interim")
        return " ".join(f"{k}={want[k]}" for k in keys if k in want)
    return " ".join(str(w) for w in want)


def judge(entry, txs, summary):
    """The problems of a capture's result, as lines."""
    compare = compare_firm if corpus.is_firm(entry) else compare_preferred
    missing, extra = compare(entry, txs)
    problems = [f"missing: {brief(w)}" for w in missing]
    problems += [f"extra:   {t}" for t in extra]
    if not problems and not corpus.is_firm(entry):
        problems = other_bodies(entry, txs)
    problems += judge_tls(entry, summary["tls_lines"])
    if "http-evader" in entry["name"] and not any(EICAR in t.response_body() for t in txs):
        problems.append(NO_EICAR)
    return problems


# Hellos of tshark's that are left out, and why.
TLS_LEFT_OUT = {
    "ndpi/tls_invalid_reads.pcap": "extensions longer than the hello: malformed",
    "ndpi/tls_cipher_lens.pcap": "a list of ciphers longer than the hello: malformed",
    "ndpi/ja3_lots_of_cipher_suites_2_anon.pcap": "in GTP",
    "ndpi/vxlan.pcap": "wrapped in VXLAN twice by this test",
    "suricata-verify/tls-duplicate-hello.pcap": "a second hello in one connection",
    "suricata-verify/tls13-draft22.pcap": "JA3S of a HelloRetryRequest",
    "zeek/hrr.pcap": "JA3S of a HelloRetryRequest",
}


def hello_equal(want, tls):
    if want["side"] == "ch":
        return (tls["ja3"] == want.get("ja3") and tls["ja4"] == want.get("ja4")
                and want.get("sni") in (None, tls["sni"])
                and want.get("alpn") in (None, tls["alpnOffered"]))
    return tls["ja3s"] == want.get("ja3s") and want.get("alpn") in (None, [tls["alpn"]])


def judge_tls(entry, lines):
    missing = [w for w in entry["expected_tls"]
               if not any(hello_equal(w, tls) for tls in lines)]
    if entry["name"] in TLS_LEFT_OUT:
        return [] if missing else ["is as expected now: remove it from TLS_LEFT_OUT"]
    return [f"missing: TLS {w}" for w in missing]


# ------------------------------------------------------------------- runs
def one(entry):
    """The result of one capture, for the parent process."""
    try:
        txs, summary = corpus.transactions([corpus.wrap(entry)])
    except (corpus.ReplayError, ValueError, KeyError) as e:
        return entry["name"], None, [f"replay: {e}"], [], []
    try:
        broken = corpus.laws.broken(summary)
    except KeyError as e:
        broken = [f"the summary has no {e}"]
    return (entry["name"], corpus.digest(txs), judge(entry, txs, summary), broken,
            [str(t) for t in txs])


def add_score(score, entry, verdict):
    c = score.setdefault(entry["category"],
                         {"captures": 0, "expected": 0, "reasoned": 0, "failed": 0})
    c["captures"] += 1
    c[verdict] += 1


def print_score(score):
    total = {"captures": 0, "expected": 0, "reasoned": 0, "failed": 0}
    print("# show: category                captures  as expected  with a reason  failed")
    for name in sorted(score) + ["total"]:
        c = total if name == "total" else score[name]
        print(f"# show: {name:24}{c['captures']:7}{c['expected']:13}"
              f"{c['reasoned']:15}{c['failed']:8}")
        if name != "total":
            for k in total:
                total[k] += c[k]


def compare_score(score):
    """One problem for each category whose score fell."""
    problems = []
    for name, was in read_json(SCORE).items():
        now = score.get(name, {"expected": 0, "reasoned": 0})
        if now["expected"] < was["expected"]:
            problems.append(f"{name}: {now['expected']} as expected, was {was['expected']}")
    return problems


def run(entries, options):
    reasons, score, failed = read_json(REASONS), {}, 0
    evader, no_eicar = 0, 0
    by_name = {e["name"]: e for e in entries}
    with multiprocessing.Pool(options.jobs) as pool:
        for name, digest, problems, broken, shown in pool.imap(one, entries, chunksize=4):
            entry = by_name[name]
            evader += "http-evader" in name
            no_eicar += NO_EICAR in problems
            verdict = "expected"
            if problems and name in reasons:
                verdict = "reasoned"
                if reasons[name]["result"] == digest:
                    problems = []
                else:
                    problems.append("another result than the one in reasons.json: "
                                    + reasons[name]["why"])
            elif name in reasons:
                problems = ["is as expected now: remove it from reasons.json"]
            problems += broken
            if problems:
                verdict = "failed"
                failed += 1
            add_score(score, entry, verdict)
            corpus.report(f"corpus/expected/{name}", problems)
            if options.verbose:
                for s in shown:
                    print(f"#   got {s}")
    print_score(score)
    print(f"# show: EICAR in a decoded body: {evader - no_eicar} of {evader} http-evader files")
    if not options.words:
        problems = compare_score(score)
        failed += not corpus.report("corpus/score has not fallen", problems)
        if options.save:
            write_json(SCORE, score)
    if failed:
        print("# one capture alone: tests/corpus/run.py -v NAME")
    return 1 if failed else 0


def accept(entries, why, names):
    reasons = read_json(REASONS)
    for e in corpus.select(entries, names):
        name, digest, problems, broken, _ = one(e)
        if digest is None or broken:
            print(f"{name}: {problems + broken}", file=sys.stderr)
            return 1
        if problems:
            reasons[name] = {"result": digest, "why": why}
    write_json(REASONS, reasons)
    return 0


def sanitized_one(entry):
    try:
        corpus.replay([corpus.wrap(entry)])
    except (corpus.ReplayError, ValueError) as e:
        return entry["name"], [str(e)]
    return entry["name"], []


def sanitized(entries, options):
    failed = 0
    with multiprocessing.Pool(options.jobs) as pool:
        for name, problems in pool.imap(sanitized_one, entries, chunksize=4):
            failed += not corpus.report(f"corpus/sanitized/{name}", problems)
    return 1 if failed else 0


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("words", nargs="*")
    ap.add_argument("-v", "--verbose", action="store_true")
    ap.add_argument("-j", "--jobs", type=int, default=2)
    ap.add_argument("--accept", metavar="WHY")
    ap.add_argument("--save", action="store_true")
    ap.add_argument("--sanitized", action="store_true")
    options = ap.parse_args()
    entries = corpus.load()
    if entries is None:
        return corpus.absent("corpus")
    if options.accept:
        return accept(entries, options.accept, options.words)
    entries = corpus.select(entries, options.words)
    return sanitized(entries, options) if options.sanitized else run(entries, options)


if __name__ == "__main__":
    sys.exit(main())
