#!/bin/bash
#
# boot.sh ROOT: in new namespaces, makes ROOT the root with file systems as
# systemd expects them in a container, and becomes systemd. See machine.sh.

set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
# As systemd does it where it is not in a container.
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
# Device units are for those only who see that udev is there.
mkdir run/udev
touch run/udev/control
pivot_root . mnt
umount -l /mnt
exec env -i container=metlo-test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd \
	--system --log-target=console --show-status=no --log-level=debug
