/* SPDX-License-Identifier: MIT */
/* Looks the functions of librdkafka up by name, with the types of its header. */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#include "kafka/library.h"

#define SONAME "librdkafka.so.1"

static const struct {
	const char *name;
	size_t offset; /* of the pointer in struct kafka_library */
} functions[] = {
#define KAFKA_FUNCTION(name) \
	{"rd_kafka_" #name, offsetof(struct kafka_library, name)},
	KAFKA_FUNCTIONS(KAFKA_FUNCTION)
#undef KAFKA_FUNCTION
};

/* It stays mapped after dlclose(): its threads may have left destructors of
 * thread-local data behind, of its own and of the libraries that it uses. */
int kafka_library_load(struct kafka_library *l, const struct log *log)
{
	*l = (struct kafka_library){
		.handle = dlopen(SONAME, RTLD_NOW | RTLD_NODELETE)};
	if (!l->handle) {
		log_error(
			log,
			"--output kafka needs librdkafka: %s: install it (Debian and Ubuntu: librdkafka1; Amazon Linux and Fedora: librdkafka)",
			dlerror());
		return -ENOENT;
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		/* POSIX lets dlsym() return functions; ISO C has no cast. */
		void **to = (void **)((char *)l + functions[i].offset);

		*to = dlsym(l->handle, functions[i].name);
		if (!*to) {
			log_error(
				log,
				"%s is too old for --output kafka: it lacks %s: install librdkafka 1.7 or later",
				SONAME, functions[i].name);
			kafka_library_unload(l);
			return -ENOENT;
		}
	}
	return 0;
}

void kafka_library_unload(struct kafka_library *l)
{
	if (l->handle)
		dlclose(l->handle);
	l->handle = NULL;
}
