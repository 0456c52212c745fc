#!/bin/bash
#
# boot.sh ROOT: runs in new namespaces, makes ROOT the root file system with the
# mounts systemd expects in a container, and executes systemd. See machine.sh.

set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
# Outside a container, systemd mounts this itself.
mount -t bpf bpf sys/fs/bpf -o nosuid,nodev,noexec,mode=700
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs tmpfs dev -o mode=755
for device in null zero full random urandom tty; do
	touch dev/$device
	mount --bind /dev/$device dev/$device
done
mkdir dev/pts dev/shm
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=666
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
# systemd creates device units only if this file shows that udev runs.
mkdir run/udev
touch run/udev/control
pivot_root . mnt
umount -l /mnt
exec env -i container=metlo-test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd \
	--system --log-target=console --show-status=no --log-level=debug
