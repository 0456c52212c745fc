build-clang/tests/gen/mkhttp.o: tests/gen/mkhttp.c
