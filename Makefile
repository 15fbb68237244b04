# heed: `make demo` and `make test` do all that is needed, from the packages to the result.
#
#   make demo      train on dates that heed writes itself, and show what it learnt (two minutes)
#   make test      build everything and run every test
#   make build     build the command: build/heed
#   make bench     measure speed beside PyTorch and CTranslate2 (11 to 15 minutes;
#                  BENCH_OPTIONS=--quick: three)
#   make install   install under PREFIX (/usr/local), below DESTDIR if given
#   make sanitize  the tests once more, with address, undefined-behaviour and thread sanitizers
#   make fuzz      FUZZ_SECONDS (60) of libFuzzer on each parser of outside input
#   make format    lay out the sources with clang-format
#   make clean     remove every build directory

PREFIX ?= /usr/local
DESTDIR ?=
BENCH_OPTIONS ?=
FUZZ_SECONDS ?= 60
CMAKE ?= cmake

.PHONY: all build demo test bench install sanitize asan tsan fuzz format clean setup configure
.DEFAULT_GOAL := build

all: configure
	@$(CMAKE) --build --preset release

setup:
	@tools/setup.sh

# Configures once; later ninja itself sees when a CMake file has changed.
configure: build/build.ninja
build/build.ninja: | setup
	@$(CMAKE) --preset release --log-level=WARNING

build: configure
	@$(CMAKE) --build --preset release --target command

demo: configure
	@$(CMAKE) --build --preset release --target heed_application
	@build/heed demo

test: all
	@tools/run_tests.sh build

bench: configure
	@$(CMAKE) --build --preset release --target benchmarks
	@bench/run.sh $(BENCH_OPTIONS)

install: build
	@DESTDIR="$(DESTDIR)" $(CMAKE) --install build --prefix "$(PREFIX)"

sanitize: asan tsan

# Every test with checks of addresses, leaks and undefined behaviour.
asan: setup
	@$(CMAKE) --preset asan --log-level=WARNING
	@$(CMAKE) --build --preset asan
	@tools/run_tests.sh build-asan

# Where threads meet: the pool, prefetching, the kernels of the CPU, and what trains and searches.
tsan: setup
	@$(CMAKE) --preset tsan --log-level=WARNING
	@$(CMAKE) --build --preset tsan
	@tools/run_tests.sh build-tsan --tests-regex '^(base|data|cpu|generation|training|interop)$$'

# The targets of tests/fuzz, which `make test` runs briefly without clang.
fuzz: setup
	@tools/setup.sh clang-14 libclang-rt-14-dev libomp-14-dev
	@$(CMAKE) --preset fuzz --log-level=WARNING
	@$(CMAKE) --build --preset fuzz
	@FUZZ_SECONDS="$(FUZZ_SECONDS)" tools/run_fuzzers.sh build-fuzz

format:
	@find heed apps bench examples tests -name '*.h' -o -name '*.cc' | xargs clang-format -i

clean:
	@rm -rf build build-debug build-asan build-tsan build-fuzz
