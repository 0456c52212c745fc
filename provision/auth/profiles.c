/* SPDX-License-Identifier: MIT */
/* Loads the two files of the AWS tools and merges their profiles. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "auth/profiles.h"

static const char *home(void)
{
	const char *h = getenv("HOME");
	const struct passwd *pw;

	if (h && *h)
		return h;
	pw = getpwuid(getuid());
	return pw && pw->pw_dir ? pw->pw_dir : "/";
}

char *profiles_expand(const char *path)
{
	char *to;

	if (path[0] != '~' || (path[1] && path[1] != '/'))
		return strdup(path);
	return asprintf(&to, "%s%s", home(), path + 1) < 0 ? NULL : to;
}

static int load(struct profile_file *f, const char *variable,
		const char *fallback)
{
	const char *path = getenv(variable);

	f->path = profiles_expand(path && *path ? path : fallback);
	if (!f->path)
		return -ENOMEM;
	f->error = ini_read(&f->ini, f->path, &f->line);
	return f->error == -ENOMEM ? -ENOMEM : 0;
}

int profiles_load(struct profiles *p)
{
	int error;

	*p = (struct profiles){0};
	error = load(&p->config, "AWS_CONFIG_FILE", "~/.aws/config");
	if (!error)
		error = load(&p->credentials, "AWS_SHARED_CREDENTIALS_FILE",
			     "~/.aws/credentials");
	if (error)
		profiles_free(p);
	return error;
}

void profiles_free(struct profiles *p)
{
	ini_free(&p->config.ini);
	ini_free(&p->credentials.ini);
	free(p->config.path);
	free(p->credentials.path);
	*p = (struct profiles){0};
}

bool profiles_have(const struct profiles *p, const char *name)
{
	return ini_find(&p->config.ini, "profile", name) ||
	       ini_find(&p->credentials.ini, "", name);
}

const char *profiles_get(const struct profiles *p, const char *name,
			 const char *setting)
{
	const char *v =
		ini_get(ini_find(&p->credentials.ini, "", name), setting);

	if (v)
		return v;
	return ini_get(ini_find(&p->config.ini, "profile", name), setting);
}

const char *profiles_or_env(const struct profiles *p, const char *name,
			    const char *variable, const char *setting)
{
	const char *v = getenv(variable);

	if (!v || !*v)
		v = profiles_get(p, name, setting);
	return v && *v ? v : NULL;
}

static bool endpoints_ignored(const struct profiles *p, const char *name)
{
	const char *ignore =
		profiles_or_env(p, name, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
				"ignore_configured_endpoint_urls");

	return ignore && !strcasecmp(ignore, "true");
}

static const char *not_empty(const char *v)
{
	return v && *v ? v : NULL;
}

static const char *endpoint_variable(const char *service)
{
	char variable[80];

	snprintf(variable, sizeof(variable), "AWS_ENDPOINT_URL_%s", service);
	return not_empty(getenv(variable));
}

static const char *services_endpoint(const struct profiles *p, const char *name,
				     const char *service)
{
	const char *section = profiles_get(p, name, "services");

	if (!section)
		return NULL;
	return not_empty(
		ini_get_nested(ini_find(&p->config.ini, "services", section),
			       service, "endpoint_url"));
}

const char *profiles_service_endpoint(const struct profiles *p,
				      const char *name, const char *service)
{
	const char *v;

	if (endpoints_ignored(p, name))
		return NULL;
	v = endpoint_variable(service);
	return v ? v : services_endpoint(p, name, service);
}

const char *profiles_endpoint(const struct profiles *p, const char *name,
			      const char *service)
{
	const char *v;

	if (endpoints_ignored(p, name))
		return NULL;
	v = endpoint_variable(service);
	if (!v)
		v = not_empty(getenv("AWS_ENDPOINT_URL"));
	if (!v)
		v = services_endpoint(p, name, service);
	return v ? v : not_empty(profiles_get(p, name, "endpoint_url"));
}

static void add_name(struct buf *to, const char *name)
{
	if (to->len)
		buf_add_str(to, ", ");
	buf_add_str(to, name);
}

void profiles_names(const struct profiles *p, struct buf *to)
{
	const struct ini_section *s;

	for (s = p->config.ini.sections; s; s = s->next)
		if (!strcmp(s->type, "profile") || !strcmp(s->name, "default"))
			add_name(to, s->name);
	for (s = p->credentials.ini.sections; s; s = s->next)
		if (!*s->type && !ini_find(&p->config.ini, "profile", s->name))
			add_name(to, s->name);
}
