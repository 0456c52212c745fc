# metlo-xdp: see "make help".
#
# All output goes below $(O). Sources are found by folder, so a new .c file
# needs no entry here.

O	?= build
PREFIX	?= /usr/local
DESTDIR	?=
SBINDIR	?= $(PREFIX)/sbin
BINDIR	?= $(PREFIX)/bin
DATADIR	?= $(PREFIX)/share
MANDIR	?= $(DATADIR)/man
DOCDIR	?= $(DATADIR)/doc/metlo-xdp
BASHCOMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHCOMPDIR ?= $(DATADIR)/zsh/site-functions
UNITDIR	?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
SYSCONFDIR ?= /etc
CC	?= cc
CLANG	?= clang
LLVM_STRIP ?= llvm-strip
PKG_CONFIG ?= pkg-config
INSTALL	?= install
# Ubuntu's bpftool wrapper refuses kernels it was not packaged with.
BPFTOOL	?= $(or $(lastword $(sort $(wildcard /usr/lib/linux-tools/*/bpftool))),\
	$(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool),bpftool)

VERSION := 0.1.0
ARCH	:= $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')

ifeq ($(V),1)
  Q :=
  say = @:
else
  Q := @
  say = @printf '  %-7s %s\n' '$(1)' '$(2)'
  MAKEFLAGS += --no-print-directory
endif

# One job per CPU unless -j is given.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
  MAKEFLAGS += -j$(shell nproc)
endif

# Keep the build directory out of debug information and __FILE__.
REPRO	:= -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(O)/=build/
WARN	:= -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
CPPFLAGS += -D_GNU_SOURCE -DMETLO_VERSION='"$(VERSION)"' -Iinclude -Iuser -I$(O)/gen
CFLAGS	?= -O2
CFLAGS	+= -std=gnu11 -g $(WARN) $(REPRO) -fstack-protector-strong -fno-strict-aliasing -pthread
LDFLAGS	+= -pthread
ifeq ($(DEBUG),1)
  CFLAGS += -O0 -DDEBUG
endif
ifneq ($(SANITIZE),)
  CFLAGS += -O1 -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
  LDFLAGS += -fsanitize=$(SANITIZE)
endif
# The Kafka sink needs the header of librdkafka, which is loaded at run time.
KAFKA	:= $(shell echo '\#include <librdkafka/rdkafka.h>' | $(CC) -E - >/dev/null 2>&1 && echo yes)
ifeq ($(KAFKA),)
  CPPFLAGS += -DWITHOUT_KAFKA
endif
LIBS	:= -lbpf -lelf -lseccomp -lpcap -lmicrohttpd -lcurl -lbrotlidec -lzstd -lcrypto -lz

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

.PHONY: all
all: $(O)/metlo-xdp $(O)/metlo-xdp.8

# --- rebuild everything when the compiler or the flags change --------------
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LIBS)
$(O)/.flags: FORCE
	@mkdir -p $(O)
	@echo '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || echo '$(subst ','\'',$(FLAGS))' >$@
.PHONY: FORCE
FORCE:

# --- BPF -------------------------------------------------------------------
BPF_FLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Werror \
	-Wno-missing-declarations -fno-stack-protector -Iinclude -Ibpf -Ivmlinux/$(ARCH) $(REPRO) -fdebug-compilation-dir=.

$(O)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c $< -o $@.tmp
	$(Q)$(LLVM_STRIP) -g $@.tmp -o $@ && rm -f $@.tmp

# Generated code is exempt from the static checks.
$(O)/gen/%.skel.h: $(O)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	@mkdir -p $(@D)
	$(Q){ echo '/* NOLINTBEGIN */' && \
		$(BPFTOOL) gen skeleton $< name $(subst -,_,$*) && \
		echo '/* NOLINTEND */'; } >$@

# The schema of a line, as an array of bytes.
$(O)/gen/line_schema.gen.h: user/packaging/line.schema.json
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q){ echo '/* NOLINTBEGIN */' && echo 'static const unsigned char line_schema[] = {' && \
		od -An -v -tu1 $< | sed 's/ *\([0-9][0-9]*\)/\1,/g' && \
		echo '};' && echo '/* NOLINTEND */'; } >$@

# Headers that are generated.
SKELS := $(patsubst bpf/%.bpf.c,$(O)/gen/%.skel.h,$(wildcard bpf/*.bpf.c)) $(O)/gen/line_schema.gen.h

# --- metlo-xdp: one archive per folder, in the order of includes.txt -------
# That file lists a folder after those it includes; the linker wants the reverse.
USER_DIRS := $(filter-out $(if $(KAFKA),,kafka),\
	$(shell sed -n 's|^user/\([a-z0-9]*\):.*|\1|p' tests/build/includes.txt | tac))
USER_MAIN := user/cli/main.c
USER_SRCS := $(filter-out $(USER_MAIN),$(wildcard $(USER_DIRS:%=user/%/*.c)))
obj = $(patsubst %.c,$(O)/%.o,$(1))

define user_lib
$(O)/lib$(1).a: $(call obj,$(filter user/$(1)/%,$(USER_SRCS)))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcsD $$@ $$^
endef
$(foreach d,$(USER_DIRS),$(eval $(call user_lib,$(d))))
USER_LIBS := $(USER_DIRS:%=$(O)/lib%.a)

$(O)/%.o: %.c $(O)/.flags | $(SKELS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/metlo-xdp: $(call obj,$(USER_MAIN)) $(USER_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# --- metlo-mirror: the same for provision/, plus user/base -------------------
# -Iprovision comes first, because both trees have folders such as cli/.
PROV_CPPFLAGS := -Iprovision $(CPPFLAGS)
PROV_LIBS := -lcurl -lexpat -lcjson -lcrypto
PROV_DIRS := cli verify apply plan term model services client auth http
PROV_MAIN := $(wildcard provision/cli/main.c)
PROV_SRCS := $(filter-out $(PROV_MAIN),$(wildcard $(PROV_DIRS:%=provision/%/*.c)))

define prov_lib
$(O)/libprov_$(1).a: $(call obj,$(filter provision/$(1)/%,$(PROV_SRCS)))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcsD $$@ $$^
endef
$(foreach d,$(PROV_DIRS),$(eval $(call prov_lib,$(d))))
PROV_ARCHIVES := $(PROV_DIRS:%=$(O)/libprov_%.a) $(O)/libbase.a

$(O)/provision/%.o: provision/%.c $(O)/.flags
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROV_CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@
$(O)/tests/provision/%.o: tests/provision/%.c $(O)/.flags
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(PROV_CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/metlo-mirror: $(call obj,$(PROV_MAIN)) $(PROV_ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PROV_LIBS)
# Without one of its libraries, metlo-mirror is not built.
PROV_HAVE := $(shell $(PKG_CONFIG) --exists libcurl expat libcjson && echo yes)
MIRROR	:= $(and $(PROV_MAIN),$(PROV_HAVE))
all: $(if $(PROV_MAIN),$(if $(MIRROR),$(O)/metlo-mirror,without-mirror))
.PHONY: without-mirror
without-mirror:
	@echo 'metlo-mirror is not built: it needs libcurl, expat and libcjson' >&2

# --- tests -----------------------------------------------------------------
# A second JSON parser and an HPACK encoder for the tests; without them they skip
# what needs them.
TEST_LIBS  := $(shell $(PKG_CONFIG) --libs libcjson 2>/dev/null) \
	$(shell $(PKG_CONFIG) --libs libnghttp2 2>/dev/null)
UNIT_TESTS := $(patsubst tests/unit/%.c,$(O)/tests/unit/%,$(filter-out \
	$(if $(KAFKA),,%/test_kafka.c),$(wildcard tests/unit/test_*.c)))
BPF_TESTS  := $(patsubst tests/bpf/%.c,$(O)/tests/bpf/%,$(wildcard tests/bpf/test_*.c))

# Lets "make test-one" select a case; linked to every C test program.
TEST_COMMON := $(patsubst %.c,$(O)/%.o,$(wildcard tests/common/*.c))
# The other files of tests/unit are helpers, linked to each test; but
# test_http_* and test_tls* get a double of stream (http_kit) in place of
# stream_kit.
UNIT_TEST_HELPERS := $(patsubst %.c,$(O)/%.o,$(filter-out tests/unit/test_% tests/unit/http_% tests/unit/tls_% \
	$(if $(KAFKA),,%/kafka_kit.c),$(wildcard tests/unit/*.c)))
HTTP_TEST_HELPERS := $(patsubst %.c,$(O)/%.o,$(wildcard tests/unit/http_*.c tests/unit/tls_*.c))
# Static rules: of two pattern rules, make would prefer the one whose objects
# exist already.
UNIT_HTTP_TESTS := $(filter $(O)/tests/unit/test_http_% $(O)/tests/unit/test_tls%,$(UNIT_TESTS))
$(UNIT_HTTP_TESTS): $(O)/tests/unit/%: $(O)/tests/unit/%.o $(HTTP_TEST_HELPERS) $(TEST_COMMON) $(USER_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(TEST_LIBS) $(LIBS)
$(filter-out $(UNIT_HTTP_TESTS),$(UNIT_TESTS)): $(O)/tests/unit/%: $(O)/tests/unit/%.o $(UNIT_TEST_HELPERS) $(TEST_COMMON) $(USER_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(TEST_LIBS) $(LIBS)
# The other files of tests/bpf are helpers, linked to each test.
BPF_TEST_HELPERS := $(patsubst %.c,$(O)/%.o,$(filter-out tests/bpf/test_%,$(wildcard tests/bpf/*.c)))
$(O)/tests/bpf/%: $(O)/tests/bpf/%.o $(BPF_TEST_HELPERS) $(TEST_COMMON) $(USER_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(TEST_LIBS) $(LIBS)

# Debian kernels under QEMU. Downloads them, so it is not part of "make test".
.PHONY: test-kernels
test-kernels: bpf-tests
	@O=$(O) tests/bpf/kernel_matrix.sh $(KERNELS)

# vmlinux.h for this architecture, from the running kernel or from BTF=FILE.
.PHONY: vmlinux
vmlinux:
	$(call say,GEN,vmlinux/$(ARCH)/vmlinux.h)
	$(Q)mkdir -p vmlinux/$(ARCH)
	$(Q)BPFTOOL='$(BPFTOOL)' vmlinux/generate.sh $(BTF) >vmlinux/$(ARCH)/vmlinux.h.tmp
	$(Q)mv vmlinux/$(ARCH)/vmlinux.h.tmp vmlinux/$(ARCH)/vmlinux.h

# The other files of tests/provision are helpers, linked to each test.
PROV_TESTS := $(if $(PROV_HAVE),$(patsubst %.c,$(O)/%,$(wildcard tests/provision/test_*.c)))
PROV_TEST_HELPERS := $(patsubst %.c,$(O)/%.o,$(filter-out tests/provision/test_%,$(wildcard tests/provision/*.c)))
$(O)/tests/provision/%: $(O)/tests/provision/%.o $(PROV_TEST_HELPERS) $(TEST_COMMON) $(PROV_ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(PROV_LIBS)

.PHONY: unit-tests bpf-tests provision-tests
unit-tests: $(UNIT_TESTS)
bpf-tests: $(BPF_TESTS)
provision-tests: all $(PROV_TESTS)

# bench-NAME runs bench_NAME and prints what it measures, without judging it.
# If another HTTP parser is installed, bench_http measures it as well.
BENCH_HTTP_LIB := $(if $(wildcard /usr/include/llhttp.h),-lllhttp,$(if \
	$(wildcard /usr/include/http_parser.h),-lhttp_parser))
$(O)/tests/bench/%: $(O)/tests/bench/%.o $(USER_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(if $(findstring bench_http,$@),$(BENCH_HTTP_LIB))
$(O)/tests/bench/bench_work $(O)/tests/bench/live_work: $(O)/tests/bench/work.o
$(O)/tests/bench/live_work: $(O)/tests/gen/gen_packet.o
bench-%: $(O)/tests/bench/bench_%
	@$<
BENCH_TOOLS := $(patsubst %.c,$(O)/%,$(wildcard tests/bench/bench_*.c) tests/bench/measure.c)
LIVE_TOOLS := $(patsubst %.c,$(O)/%,$(filter-out %.bpf.c,$(wildcard tests/bench/live_*.c)))

# Fuzz targets and sanitized tests share one build of the code, made by clang, whose
# UBSan finds more than gcc's, such as an offset to a null pointer. In it, SANITIZE is
# set; FUZZ_DIR is where the targets go.
FUZZ_DIR ?= $(O)/fuzz
FUZZERS := $(patsubst tests/fuzz/%.c,$(FUZZ_DIR)/%,$(filter-out \
	$(if $(PROV_HAVE),,tests/fuzz/fuzz_prov_%),$(wildcard tests/fuzz/fuzz_*.c)))
sanitized = +@$(MAKE) O=$(O)/sanitize FUZZ_DIR=$(FUZZ_DIR) CC=$(CLANG) \
	SANITIZE=fuzzer-no-link,address,undefined $(1)
.PHONY: fuzzers afl
ifeq ($(SANITIZE),)
$(FUZZERS): FORCE
	$(call sanitized,$@)
fuzzers:
	$(call sanitized,$@)
else
fuzzers: $(FUZZERS)
fuzz_link = $(Q)mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ \
	$(filter %.o,$^) $(filter %.a,$^) $(1)
$(FUZZ_DIR)/%: $(O)/tests/fuzz/%.o $(USER_LIBS)
	$(call say,LD,$@)
	$(call fuzz_link,$(LIBS))
$(FUZZ_DIR)/fuzz_quic: $(O)/tests/unit/quic_kit.o
$(FUZZ_DIR)/fuzz_pairing: $(O)/tests/unit/pairing_sim.o $(O)/tests/unit/pairing_kit.o
# fuzz_prov_* are the targets of metlo-mirror.
$(FUZZ_DIR)/fuzz_prov_%: $(O)/tests/fuzz/fuzz_prov_%.o $(filter-out $(O)/libprov_cli.a,$(PROV_ARCHIVES))
	$(call say,LD,$@)
	$(call fuzz_link,$(PROV_LIBS))
$(O)/tests/fuzz/fuzz_prov_%.o: CPPFLAGS := $(PROV_CPPFLAGS)
endif
# The same targets under AFL++: make afl TARGET=fuzz_http AFL_SECONDS=600.
AFL_SECONDS ?= 300
afl:
	@$(MAKE) O=$(O)/afl CC=afl-clang-fast SANITIZE=address,undefined $(O)/afl/fuzz/$(TARGET)
	@tests/fuzz/afl.sh $(O)/afl/fuzz/$(TARGET) $(O)/afl/fuzz/$(TARGET)-afl $(AFL_SECONDS)

# --- targets for people ----------------------------------------------------
# demo and test install missing packages first and then run make again, because
# this Makefile looks for tools when it is read.
TEST_PARTS := build unit bpf sanitize fuzz corpus gen bench e2e provision package
# Not part of "make test".
LONG_PARTS := long

.PHONY: help
help:
	@echo 'make                builds $(O)/metlo-xdp and $(O)/metlo-mirror'
	@echo 'make deps           installs what building and testing need (apt-get, dnf)'
	@echo 'sudo make demo      real requests to a real nginx, mirrored and captured'
	@echo 'sudo make test      all tests; ends with "N passed, N failed, N skipped"'
	@echo '  make test-PART    one of: $(TEST_PARTS)'
	@echo '  make test-one TEST=unit/test_stream [CASE=gap_timeout]  one program, one case'
	@echo '  make test-long    tests at full size; see tests/README.md'
	@echo 'sudo make bench     metlo-xdp and other tools on the same traffic (SCALE=0.1: less)'
	@echo '  PARTS="..."       some of: $(BENCH_PARTS)'
	@echo 'sudo make bench-peers  installs other tools that the distribution has'
	@echo 'make bench-trace    what a line of output costs'
	@echo 'make bench-http     what a head and a transaction cost'
	@echo 'make test-kernels   the BPF tests in older kernels under QEMU (downloads them)'
	@echo 'make vmlinux        regenerates vmlinux/$(ARCH)/vmlinux.h from BTF'
	@echo 'make check          format and static checks'
	@echo 'make format         formats the C files'
	@echo 'make install        to $$(DESTDIR)$$(PREFIX), PREFIX=$(PREFIX)'
	@echo 'make uninstall      removes what install put there'
	@echo 'make deb            Debian packages, in $(O)/deb'
	@echo 'make clean          removes $(O)/'
	@echo
	@echo 'Settings: V=1 shows commands; DEBUG=1 builds without optimization;'
	@echo 'SANITIZE=address,undefined; CC=clang; O=build-other for another folder.'

.PHONY: deps
deps:
	@mkdir -p $(O)
	@tests/deps.sh && touch $(O)/.deps

$(O)/.deps: tests/deps.sh
	@$(MAKE) deps

# Under sudo, return ownership of the build to the calling user.
chown_back = @[ -z "$$SUDO_UID" ] || chown -R "$$SUDO_UID:$$SUDO_GID" $(O)

.PHONY: demo
demo: $(O)/.deps
	@$(MAKE) all
	@O=$(O) tests/e2e/demo.sh
	$(chown_back)

BENCH_PARTS := offline stages growth live
PARTS	?= $(BENCH_PARTS)
SCALE	?= 1
ROUNDS	?= 5

.PHONY: bench bench-peers
bench: $(O)/.deps
	@$(MAKE) all test-tools bpf-tests $(BENCH_TOOLS) $(LIVE_TOOLS)
	@O=$(O) tests/bench/bench.py --scale $(SCALE) --rounds $(ROUNDS) $(PARTS)
	$(chown_back)
bench-peers:
	@tests/bench/other_tools.sh

.PHONY: test test-one $(TEST_PARTS:%=test-%) $(LONG_PARTS:%=test-%)
test: $(O)/.deps
	@$(MAKE) built-for-tests
	@status=0; O=$(O) tests/run.sh || status=$$?; \
	[ -z "$$SUDO_UID" ] || chown -R "$$SUDO_UID:$$SUDO_GID" $(O); exit $$status

$(TEST_PARTS:%=test-%) $(LONG_PARTS:%=test-%): test-%: $(O)/.deps
	@$(MAKE) built-for-$*
	@O=$(O) tests/run.sh $*

# TEST is a path below tests/ or a unique name, with or without its ending.
TEST_NAME := $(basename $(patsubst tests/%,%,$(patsubst $(O)/%,%,$(TEST))))
TEST_SOURCE := $(if $(TEST),$(firstword $(foreach ending,c sh,$(wildcard \
	tests/$(TEST_NAME).$(ending) tests/*/$(TEST_NAME).$(ending)))))
TEST_NEEDS = $(if $(filter %.sh,$(TEST_SOURCE)),built-for-$(word 2,$(subst /, ,$(TEST_SOURCE))),$(if \
	$(findstring /fuzz_,$(TEST_SOURCE)),$(TEST_SOURCE:tests/%.c=$(O)/%),$(TEST_SOURCE:%.c=$(O)/%)))
test-one: $(O)/.deps
	@[ -n '$(TEST_SOURCE)' ] || { echo 'test-one: "$(TEST)" is no test; name one below tests/, as in TEST=unit/test_stream' >&2; exit 2; }
	@$(MAKE) $(TEST_NEEDS)
	@O=$(O) tests/one.sh $(TEST_SOURCE) '$(CASE)'

.PHONY: built-for-tests deb-newer $(TEST_PARTS:%=built-for-%) $(LONG_PARTS:%=built-for-%)
built-for-tests: $(TEST_PARTS:%=built-for-%)
built-for-build: all
built-for-unit: unit-tests
built-for-long: all unit-tests bpf-tests fuzzers test-tools $(LIVE_TOOLS)
built-for-bpf: all bpf-tests
# All programs, so that all code is seen by both compilers.
built-for-sanitize:
	$(call sanitized,all unit-tests provision-tests bpf-tests test-tools)
# Never at the same time in one directory.
built-for-fuzz: $(if $(filter built-for-tests,$(MAKECMDGOALS)),built-for-sanitize)
	$(call sanitized,fuzzers)
built-for-corpus: all
built-for-gen: all test-tools
built-for-bench: all test-tools $(BENCH_TOOLS) $(LIVE_TOOLS)
built-for-e2e: all test-tools
built-for-provision: provision-tests
built-for-package: all $(if $(shell command -v dh),deb deb-newer)
deb-newer: deb
	@$(MAKE) deb DEB_OUT=$(O)/deb-newer DEB_REVISION=2

# Programs for the tests: traffic generators, and a feeder for a sink.
TEST_TOOLS := $(patsubst tests/gen/%.c,$(O)/tests/gen/%,$(wildcard tests/gen/mk*.c)) \
	$(O)/tests/e2e/feed_metlo $(O)/tests/e2e/endurance/shim.so
.PHONY: test-tools
test-tools: $(TEST_TOOLS)
$(O)/tests/gen/%: $(O)/tests/gen/%.o $(call obj,$(wildcard tests/gen/gen_*.c))
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcrypto -lz

$(O)/tests/e2e/%: $(O)/tests/e2e/%.o $(USER_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Preloaded into a daemon under test.
$(O)/tests/e2e/endurance/shim.so: tests/e2e/endurance/shim.c
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -fPIC -shared -o $@ $< -pthread

# BPF programs that only tests load.
TEST_BPF := $(patsubst %.bpf.c,$(O)/%.bpf.o,$(wildcard tests/e2e/*.bpf.c tests/bench/*.bpf.c))
test-tools: $(TEST_BPF)
$(TEST_BPF): $(O)/%.bpf.o: %.bpf.c
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -c $< -o $@

C_FILES = $(wildcard bpf/*.[ch] include/*.h user/*/*.[ch] provision/*/*.[ch] tests/*/*.[ch])
# Tests are left out: the analyzer does not know that a failed assertion aborts. It
# looks at so many states of a function; clang's own limit is 225,000, which
# "make test-long" takes, and needs seven times as long.
TIDY_NODES ?= 15000
TIDY_FILES = $(wildcard user/*/*.c tests/gen/*.c)
tidy = $(Q)printf '%s\n' $(1) | xargs -P 2 -n 4 sh -c \
	'clang-tidy --quiet --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang \
	--extra-arg=max-nodes=$(TIDY_NODES) "$$@" -- $(subst ','\'',$(2)) -std=gnu11 2>&1 \
	| { ! grep -vE "warnings? (generated|treated)|^Suppressed|^Use -header"; }' tidy

.PHONY: format check check-format check-house check-static
format:
	clang-format -i $(C_FILES)
check: check-format check-house check-static
check-format: $(O)/.deps
	$(call say,FORMAT,all C files)
	$(Q)clang-format --dry-run -Werror $(C_FILES)
check-house:
	$(call say,HOUSE,all C files)
	$(Q)tests/build/includes.py
	$(Q)tests/build/house.py
check-static: $(O)/.deps
	@$(MAKE) $(SKELS)
	$(call say,TIDY,all C files)
	$(call tidy,$(TIDY_FILES),$(CPPFLAGS))
	$(call tidy,$(wildcard provision/*/*.c),$(PROV_CPPFLAGS))
	$(call say,SHELL,all scripts)
	$(Q)shellcheck -x -P SCRIPTDIR -e SC2119,SC2120,SC2317 .ci/run $$(find tests -name '*.sh') \
		$(wildcard */packaging/*.bash user/packaging/debian/*.p*[mt])

# --- install: the files and where they go -----------------------------------
PKG	:= user/packaging
INSTALLED := \
	755:$(O)/metlo-xdp:$(SBINDIR)/metlo-xdp \
	644:$(O)/metlo-xdp.8:$(MANDIR)/man8/metlo-xdp.8 \
	644:$(PKG)/metlo-xdp.bash:$(BASHCOMPDIR)/metlo-xdp \
	644:$(PKG)/_metlo-xdp:$(ZSHCOMPDIR)/_metlo-xdp \
	644:$(O)/metlo-xdp@.service:$(UNITDIR)/metlo-xdp@.service \
	644:$(PKG)/metlo-xdp.sysusers:$(SYSUSERSDIR)/metlo-xdp.conf \
	644:README.md:$(DOCDIR)/README.md \
	644:$(PKG)/line.schema.json:$(DOCDIR)/line.schema.json \
	644:$(PKG)/recipes.md:$(DOCDIR)/recipes.md \
	644:$(PKG)/metlo-xdp.rules.yml:$(DOCDIR)/examples/metlo-xdp.rules.yml \
	644:$(PKG)/metlo-xdp.dashboard.json:$(DOCDIR)/examples/metlo-xdp.dashboard.json \
	644:$(PKG)/metlo-xdp.logrotate:$(DOCDIR)/examples/logrotate
MIRROR_PKG := provision/packaging
MIRRORDOCDIR ?= $(DATADIR)/doc/metlo-mirror
INSTALLED += $(if $(MIRROR), \
	755:$(O)/metlo-mirror:$(BINDIR)/metlo-mirror \
	644:$(MIRROR_PKG)/metlo-mirror.1:$(MANDIR)/man1/metlo-mirror.1 \
	644:$(MIRROR_PKG)/metlo-mirror.bash:$(BASHCOMPDIR)/metlo-mirror \
	644:$(MIRROR_PKG)/_metlo-mirror:$(ZSHCOMPDIR)/_metlo-mirror \
	644:$(MIRROR_PKG)/metlo-mirror-sync.service:$(MIRRORDOCDIR)/examples/metlo-mirror-sync.service)
# Users edit these: never overwrite them, and remove them only if unchanged.
CONFFILES := \
	644:$(O)/metlo-xdp.conf:$(SYSCONFDIR)/metlo-xdp/metlo-xdp.conf \
	600:$(PKG)/metlo-xdp.default:$(SYSCONFDIR)/default/metlo-xdp
part = $(word $(1),$(subst :, ,$(2)))

define install_file
	$(INSTALL) -D -m $(call part,1,$(1)) $(call part,2,$(1)) $(DESTDIR)$(call part,3,$(1))

endef
define install_conffile
	@[ -e $(DESTDIR)$(call part,3,$(1)) ] || { set -x; \
		$(INSTALL) -D -m $(call part,1,$(1)) $(call part,2,$(1)) $(DESTDIR)$(call part,3,$(1)); }

endef
define uninstall_conffile
	@if cmp -s $(call part,2,$(1)) $(DESTDIR)$(call part,3,$(1)); then \
		set -x; rm -f $(DESTDIR)$(call part,3,$(1)); \
	elif [ -e $(DESTDIR)$(call part,3,$(1)) ]; then \
		echo 'kept, because it was changed: $(DESTDIR)$(call part,3,$(1))'; \
	fi

endef

# FORCE: the paths may differ from the last call.
$(O)/%.service: $(PKG)/%.service.in FORCE
	$(call say,GEN,$@)
	$(Q)sed 's|@SBINDIR@|$(SBINDIR)|g; s|@SYSCONFDIR@|$(SYSCONFDIR)|g' $< >$@

# The man page, with the counters the program lists and the options the page
# leaves out.
$(O)/metlo-xdp.8: $(PKG)/metlo-xdp.8 $(PKG)/options.awk $(O)/metlo-xdp
	$(call say,GEN,$@)
	$(Q)$(O)/metlo-xdp help --counters >$@.counters
	$(Q)$(O)/metlo-xdp help --list | awk -f $(PKG)/options.awk $< - >$@.options
	$(Q)sed -e '/@COUNTERS@/{r $@.counters' -e 'd}' \
		-e '/@OPTIONS@/{r $@.options' -e 'd}' $< >$@

# The example with settings for the service: it may write to few places, and
# must not fill the disk.
$(O)/metlo-xdp.conf: user/config/metlo-xdp.conf Makefile
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)sed -e 's|^#output = .*|# The service may write below /var/log/metlo-xdp and /var/lib/metlo-xdp only.\noutput = ndjson:/var/log/metlo-xdp/transactions.ndjson|' \
		-e 's|^#rotate-size = .*|rotate-size = 256MiB|; s|^#rotate-keep = .*|rotate-keep = 8|' $< >$@

# Outside a package, do what its maintainer scripts would do.
define reload_systemd
	@[ -n '$(DESTDIR)' ] || [ ! -d /run/systemd/system ] || \
		{ $(1) systemctl daemon-reload; }
endef

.PHONY: install uninstall
install: all $(O)/metlo-xdp.8 $(O)/metlo-xdp@.service $(O)/metlo-xdp.conf
	$(foreach f,$(INSTALLED),$(call install_file,$(f)))
	$(foreach f,$(CONFFILES),$(call install_conffile,$(f)))
	$(call reload_systemd,systemd-sysusers $(SYSUSERSDIR)/metlo-xdp.conf &&)
	$(chown_back)
uninstall: $(O)/metlo-xdp.conf
	rm -f $(foreach f,$(INSTALLED),$(DESTDIR)$(call part,3,$(f)))
	$(foreach f,$(CONFFILES),$(call uninstall_conffile,$(f)))
	-@rmdir $(foreach d,$(DOCDIR) $(MIRRORDOCDIR),$(DESTDIR)$(d)/examples $(DESTDIR)$(d)) $(DESTDIR)$(SYSCONFDIR)/metlo-xdp 2>/dev/null || true
	$(call reload_systemd)

# --- Debian packages -------------------------------------------------------
# Built with Debian's flags. DEB_REVISION=2 builds a newer revision than the
# changelog has, to test upgrades.
DEB_OUT	?= $(O)/deb
DEB_REVISION ?=
DEB_LOG	:= $(PKG)/debian/changelog
DEB_TREE := $(DEB_OUT)/tree

.PHONY: deb
deb: $(O)/.deps
	@command -v dh >/dev/null && command -v dpkg-buildpackage >/dev/null || \
		{ echo 'make deb needs debhelper and dpkg-dev: apt-get install them' >&2; exit 1; }
	@sed -n '1s/.*(\(.*\)-.*/\1/p' $(DEB_LOG) | grep -qx '$(VERSION)' || \
		{ echo '$(DEB_LOG) does not begin with version $(VERSION)' >&2; exit 1; }
	@mkdir -p $(DEB_OUT) && rm -rf $(DEB_TREE) $(DEB_OUT)/*.deb $(DEB_OUT)/*.buildinfo $(DEB_OUT)/*.changes
	@mkdir $(DEB_TREE) && cp -r $(PKG)/debian $(DEB_TREE)/
	@[ -z '$(DEB_REVISION)' ] || { sed '1s/-[^-]*)/-$(DEB_REVISION))/; s/^  \*.*/  * Rebuild./; /^ --/q' $(DEB_LOG); \
		echo; cat $(DEB_LOG); } >$(DEB_TREE)/debian/changelog
	$(call say,DEB,$(DEB_OUT))
	$(Q)cd $(DEB_TREE) && env -u MAKEFLAGS -u MAKELEVEL -u O -u DEB_OUT -u DEB_REVISION TOP='$(CURDIR)' \
		OBJ='$(abspath $(O))/deb-obj' MIRROR='$(MIRROR)' \
		dpkg-buildpackage -b -us -uc >../log 2>&1 || { tail -n 30 ../log >&2; exit 1; }
	@rm -rf $(DEB_TREE)
	@ls $(DEB_OUT)/*.deb
	$(chown_back)

.PHONY: clean
clean:
	rm -rf $(O)

-include $(shell find $(O) -name '*.d' -type f 2>/dev/null)
