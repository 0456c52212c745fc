/* SPDX-License-Identifier: MIT */
/* Forms of secrets that are not a name before '=' or ':', and encodings that are split
 * by others; with a generator of its own, which encodes single characters of what is
 * encoded already. As in test_leaks.c, the word SECRET must not appear. */
#include "base/buf.h"
#include "nest_kit.h"
#include "trace_kit.h"

static const char *const names[] = {"password"};
static const struct trace_options options = {.fields = names, .n_fields = 1};

#define FORM	  "application/x-www-form-urlencoded"
#define JSON	  "application/json"
#define MULTIPART "multipart/form-data; boundary=b"
#define DATA	  "Content-Disposition: form-data; "
/* A part whose head contains the secret, and one whose content does. */
#define HEAD(text)    "--b\r\n" text "\r\n\r\nkept\r\n--b--\r\n"
#define CONTENT(head) "--b\r\n" head "\r\n\r\n"

#define PART "--b\r\n" DATA "name=password\r\n\r\n"

struct leak {
	const char *what;
	struct http_span type;
	struct http_body body;
	const char *kept;   /* part of the line */
	const char *secret; /* NULL: SECRET */
	bool whole; /* not truncated, before what shows that it is one */
};

/* clang-format off */
static const struct leak leaks[] = {
	/* heads of parts */
	{"a form as file name", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=\"x\"; filename=\"a=1&password=SECRET\"")), "kept", NULL, false},
	{"a form as name", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=\"a=1&password=SECRET\"")), "--b--", NULL, false},
	{"JSON as file name", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=x; filename=\"{\\\"password\\\":\\\"SECRET\\\"}\"")), "kept", NULL, false},
	{"an encoded file name", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=x; filename*=utf-8''password%3dSECRET")), "kept", NULL, false},
	{"a parameter", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=x\r\nContent-Type: text/plain; password=SECRET")), "kept", NULL, false},
	{"a field", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=x\r\npassword: SECRET")), "kept", NULL, false},
	{"a folded field", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=x\r\npassword:\r\n SECRET\r\nX-A: 1")), "kept", NULL, false},
	{"a URL", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=x\r\nContent-Location: http://u:SECRET@h/")), "kept", NULL, false},
	{"an authority", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=x; filename=\"u:SECRET@h\"")), "kept", "SECRET@", false},
	{"name and file name", SPAN(MULTIPART),
	 BODY("--b\r\n" DATA "filename=\"password=SECRET\"; name=\"password\"\r\n\r\nSECRET\r\n--b--\r\n"), "--b--", NULL, false},
	{"a plain head", SPAN(MULTIPART),
	 BODY(HEAD(DATA "name=\"x\"; filename=\"password.txt\"\r\nContent-Type: text/plain; charset=utf-8")),
	 DATA "name=\\\"x\\\"; filename=\\\"password.txt\\\"\\r\\nContent-Type: text/plain; charset=utf-8\\r\\n\\r\\nkept", NULL, false},
	/* sequences of JSON */
	{"a sequence", SPAN("application/json-seq"),
	 BODY("\x1e{\"a\":\"kept\"}\n\x1e{\"password\":\"SECRET\"}\n\x1e[\"more\"]\n"), "more", NULL, false},
	{"a separator within a text", SPAN("application/json-seq"),
	 BODY("\x1e{\"kept\":1,\"password\"\x1e:\"SECRET\"}\n"), "kept", NULL, false},
	/* blanks that are escaped in a string */
	{"an escaped line end before the colon", SPAN(JSON),
	 BODY("{\"a\":\"{\\\"password\\\"\\n:\\\"SECRET\\\"}\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"escaped line ends around it", SPAN(JSON),
	 BODY("{\"a\":\"{\\r\\n\\\"password\\\"\\r\\n\\t:\\n\\\"SECRET\\\"}\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"escaped line ends in text", SPAN("text/plain"),
	 BODY("x {\\\"password\\\"\\n:\\n\\\"SEC,SECRET\\\", \\\"b\\\":2}"), "b", NULL, false},
	{"an escaped tab", SPAN(JSON), BODY("{\"a\":\"password\\t= SECRET\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"an escaped line end in GraphQL", SPAN(JSON),
	 BODY("{\"query\":\"{login(password\\n:\\n\\\"SECRET\\\")}\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"an escaped line end in a tag", SPAN(JSON),
	 BODY("{\"a\":\"<x password\\n=\\\"SECRET\\\"/>\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"a line between", SPAN(JSON),
	 BODY("{\"a\":\"no password\\nuser: kept\",\"b\":2}"), "user: kept", NULL, false},
	/* parts of names */
	{"a part of a name", SPAN("text/html"),
	 BODY("<input name=\"user[password]\" value=\"SECRET\"><p>kept"), "<p>kept", NULL, false},
	{"a name with a dot", SPAN("text/html"),
	 BODY("<input name='user.password' value='SECRET'><p>kept"), "<p>kept", NULL, false},
	{"another part", SPAN("text/html"),
	 BODY("<input name=\"password[x]\" value=\"SECRET\"><input name=\"user[x]\" value=\"kept\">"), "kept", NULL, false},
	{"a meta element", SPAN("text/html"),
	 BODY("<meta name=\"password\" content=\"SECRET\"><meta name=\"x\" content=\"kept\">"), "kept", NULL, false},
	{"a meta element, first its content", SPAN("text/html"),
	 BODY("<meta content=\"SECRET\" name=\"password\"><p>kept"), "<p>kept", NULL, false},
	/* lines that some parsers take for delimiters */
	{"a longer delimiter", SPAN(MULTIPART),
	 BODY(PART "a\r\n--bX\r\n\r\nSECRET\r\n--b\r\n" DATA "name=x\r\n\r\nkept\r\n--b--\r\n"), "kept", NULL, false},
	{"a delimiter and more", SPAN(MULTIPART),
	 BODY(PART "a\r\n--b junk\r\n\r\nSECRET\r\n--b\r\n" DATA "name=x\r\n\r\nkept\r\n--b--\r\n"), "kept", NULL, false},
	{"a delimiter between LF", SPAN(MULTIPART),
	 BODY(PART "a\n--b\n\nSECRET\r\n--b\r\n" DATA "name=x\r\n\r\nkept\r\n--b--\r\n"), "kept", NULL, false},
	{"an end and more", SPAN(MULTIPART),
	 BODY(PART "a\r\n--b--x\r\nSECRET\r\n--b--\r\nkept"), "kept", NULL, false},
	{"a body with LF", SPAN(MULTIPART),
	 BODY("--b\n" DATA "name=password\n\nSECRET\n--b\n" DATA "name=x\n\nkept\n--b--\n"), "kept", NULL, false},
	/* user information */
	{"quotation marks in a password", SPAN("text/plain"), BODY("see http://u:\"SECRET\"@h/ kept"), "@h/ kept", NULL, true},
	{"brackets in a password", SPAN("text/plain"), BODY("see http://u:a<SECRET@h/ kept"), "@h/ kept", NULL, true},
	{"a backslash in a password", SPAN("text/plain"), BODY("see pg://u:a\\SECRET@h/ kept"), "@h/ kept", NULL, true},
	{"a port and an address", SPAN("text/html"), BODY("<a href=\"http://h:80\">kept@example.com</a>"), "h:80\\\">kept@example.com", NULL, false},
	/* encodings of MIME */
	{"quoted-printable", SPAN(MULTIPART),
	 BODY(CONTENT(DATA "name=x\r\nContent-Transfer-Encoding: Quoted-Printable") "a=3D1&passwo=\r\nrd=3DSECRET\r\n--b--"), "--b--", NULL, false},
	{"a folded head", SPAN(MULTIPART),
	 BODY(CONTENT(DATA "name=x\r\nContent-Transfer-Encoding:\r\n (x) quoted-printable") "=7B=22password=22:=22SECRET=22=7D\r\n--b--"), "--b--", NULL, false},
	{"base64", SPAN(MULTIPART), /* a=1&password=SECRET */
	 BODY(CONTENT(DATA "name=x\r\nContent-Transfer-Encoding: base64") "YT0xJnBhc3N3\r\nb3JkPVNFQ1JFVA==\r\n--b--"), "--b--", "NFQ1J", false},
	{"base64 without a secret", SPAN(MULTIPART),
	 BODY(CONTENT(DATA "name=x\r\nContent-Transfer-Encoding: base64") "YT0xJmI9Mg==\r\n--b--"), "YT0xJmI9Mg==", NULL, false},
	{"base64 in a part of a part", SPAN(MULTIPART),
	 BODY(CONTENT(DATA "name=x\r\nContent-Type: multipart/mixed") "--c\r\nContent-Transfer-Encoding: base64\r\n\r\nYT0xJnBhc3N3b3JkPVNFQ1JFVA==\r\n--c--\r\n--b--"), "--b--", "NFQ1J", false},
	{"a message in a string", SPAN(JSON),
	 BODY("{\"a\":\"Content-Transfer-Encoding: base64\\r\\n\\r\\nYT0xJnBhc3N3b3JkPVNFQ1JFVA==\",\"b\":2}"), "\\\"b\\\":2}", "NFQ1J", false},
	/* %u and split escapes */
	{"%u in a form", SPAN(FORM), BODY("a=1&p%u0061ssword=SECRET&b=2"), "&b=2", NULL, false},
	{"%u before =", SPAN(FORM), BODY("a=1&x=password%u003dSECRET&b=2"), "&b=2", NULL, false},
	{"%u in text", SPAN("text/plain"), BODY("%u0070assword: SECRET\nb: 2"), "b: 2", NULL, false},
	{"an escape within percent-encoding", SPAN(FORM),
	 BODY("x={\"y\":\"password%\\u0033dSECRET\"}&b=2"), "&b=2", NULL, false},
	{"a digit in an escape", SPAN(JSON),
	 BODY("{\"y\":\"a=1&p%6\\u0031ssword=SECRET\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"the percent sign in an escape", SPAN(JSON),
	 BODY("{\"y\":\"a=1&p\\u002561ssword=SECRET\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"percent-encoding in an escape", SPAN(FORM),
	 BODY("x={\"p\\u00%361ssword\":\"SECRET\"}&b=2"), "&b=2", NULL, false},
	{"an entity in percent-encoding", SPAN("text/html"),
	 BODY("<a href=\"?p%&#54;1ssword=SECRET&b=2\">"), "b=2", NULL, false},
	{"an entity in an escape", SPAN("text/html"),
	 BODY("<a x='{\"p\\u00&#54;1ssword\":\"SECRET\"}'>kept"), "kept", NULL, false},
	{"percent-encoding in an entity", SPAN(FORM),
	 BODY("x=p%26%2397;ssword%26%2361%3bSECRET&b=2"), "&b=2", NULL, false},
	{"an entity without an end", SPAN("text/html"),
	 BODY("<p>p&#97ssword&#61SECRET</p>"), "<p>", NULL, false},
	/* PHP */
	{"serialized", SPAN("text/plain"),
	 BODY("a:2:{s:8:\"password\";s:6:\"SECRET\";s:1:\"b\";i:2;}"), "s:1:\\\"b\\\";i:2;}", NULL, false},
	{"serialized, a quotation mark", SPAN(""),
	 BODY("a:2:{s:8:\"password\";s:8:\"\";SECRET\";s:1:\"b\";i:2;}"), "s:1:\\\"b\\\";i:2;}", NULL, false},
	{"serialized, a wrong length", SPAN(""),
	 BODY("a:2:{s:8:\"password\";s:3:\"\";;SECRET\";}"), "a:2:", NULL, false},
	{"serialized, an array", SPAN(""),
	 BODY("a:2:{s:8:\"password\";a:1:{i:0;s:6:\"SECRET\";}}"), "a:2:", NULL, false},
	{"serialized, a private member", SPAN(""),
	 BODY("O:1:\"U\":1:{s:11:\"\0U\0password\";s:6:\"SECRET\";}"), "[redacted]", NULL, false},
	{"serialized, a number", SPAN(""),
	 BODY("a:2:{s:8:\"password\";i:4242;s:1:\"b\";i:2;}"), "s:1:\\\"b\\\";i:2;}", "4242", false},
	{"serialized in a form", SPAN(FORM),
	 BODY("x=a%3A1%3A%7Bs%3A8%3A%22password%22%3Bs%3A6%3A%22SECRET%22%3B%7D&b=2"), "&b=2", NULL, false},
	{"serialized in JSON", SPAN(JSON),
	 BODY("{\"x\":\"a:1:{s:8:\\\"password\\\";s:6:\\\"SECRET\\\";}\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"a session", SPAN(""), BODY("user|s:1:\"u\";password|s:6:\"SECRET\";b|i:2;"), "b|i:2;", NULL, false},
	/* document types */
	{"an entity", SPAN("text/xml"),
	 BODY("<!DOCTYPE a [<!ENTITY password \"SECRET\">]><a>kept</a>"), "kept", NULL, false},
	{"a parameter entity", SPAN("text/xml"),
	 BODY("<!DOCTYPE a [<!ENTITY % password 'SECRET'>]><a>kept</a>"), "kept", NULL, false},
	{"an attribute with a default", SPAN("text/xml"),
	 BODY("<!DOCTYPE a [<!ATTLIST user password CDATA #FIXED \"SECRET\">]><a>kept</a>"), "kept", NULL, false},
	{"an entity as content", SPAN("text/xml"),
	 BODY("<!DOCTYPE a [<!ENTITY e \"SECRET\">]><a><password>&e;</password></a>"), "<!ENTITY e ", NULL, true},
	{"an entity as attribute", SPAN("text/xml"),
	 BODY("<!DOCTYPE a [<!ENTITY e \"SECRET\">]><a password='&e;'/>"), "<!ENTITY e ", NULL, true},
	{"an entity as name", SPAN("text/xml"),
	 BODY("<!DOCTYPE a [<!ENTITY e \"password\">]><a><b name='&e;' value='SECRET'/></a>"), "<!ENTITY e ", NULL, true},
	{"an entity in a string", SPAN(JSON),
	 BODY("{\"x\":\"<!DOCTYPE a [<!ENTITY password \\\"SECRET\\\">]>\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"an entity without a secret", SPAN("text/xml"),
	 BODY("<!DOCTYPE a [<!ENTITY e \"kept\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&e;</a>"),
	 "<!ENTITY e \\\"kept\\\"><!ENTITY x SYSTEM \\\"file:///etc/passwd\\\">]><a>&e;</a>", NULL, false},
	/* tables */
	{"a table", SPAN("text/csv"),
	 BODY("user,password,age\r\nbob,SECRET,1\r\neve,SECRET,2\r\n"), "eve,[redacted],2", NULL, false},
	{"a table with quotation marks", SPAN("text/csv"),
	 BODY("\"user\";\"Password\";\"age\"\n\"bob\";\"x;SEC\"\"RET\nSECRET\";1\n\"eve\";\"SECRET\";2"), "\\\"eve\\\";[redacted];2", NULL, false},
	{"a table with tabs", SPAN("text/plain"),
	 BODY("password\tuser\nSECRET\tbob\n"), "[redacted]\\tbob", NULL, false},
	{"a table with a mark and a line before", SPAN("text/csv"),
	 BODY("\xef\xbb\xbfsep=;\nuser;password\nbob;SECRET\n"), "sep=", NULL, false},
	{"a table with one comma too many", SPAN("text/csv"),
	 BODY("user,password\nb,ob,SECRET\neve,SECRET\n"), "eve,", NULL, false},
	{"a table with an open quotation mark", SPAN("text/csv"),
	 BODY("user,password\nb\"ob,SECRET\neve,SECRET\n"), "user,password", NULL, false},
	{"a table with other secrets", SPAN("text/csv"),
	 BODY("user,password,url\nbob,,http://u:SECRET@h\neve,SECRET,\"x=1&password=SECRET\"\n"), "eve,", NULL, false},
	{"a table in a part", SPAN(MULTIPART),
	 BODY(CONTENT(DATA "name=x; filename=\"a.csv\"\r\nContent-Type: text/csv") "user,password\r\nbob,SECRET\r\n--b--"), "bob,[redacted]\\r\\n--b--", NULL, false},
	{"a table in a string", SPAN(JSON),
	 BODY("{\"x\":\"user,password\\nbob,SECRET\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"a table in a form", SPAN(FORM),
	 BODY("x=user%2Cpassword%0D%0Abob%2CSECRET&b=2"), "&b=2", NULL, false},
	{"a table without a secret", SPAN("text/csv"),
	 BODY("user,age\nbob,1\n"), "user,age\\nbob,1\\n", NULL, false},
	{"a list of names", SPAN(JSON),
	 BODY("{\"required\":[\n\"user\",\n\"password\",\n\"age\"\n],\"b\":2}"),
	 "[\\n\\\"user\\\",\\n\\\"password\\\",\\n\\\"age\\\"\\n],\\\"b\\\":2}", NULL, false},
	/* comments, and what GraphQL takes for blanks */
	{"a comment before a value", SPAN("text/plain"),
	 BODY("{login(password: # kept? \"x\"\n \"SECRET\", b: 2)}"), ", b: 2)}", NULL, false},
	{"comments before a value", SPAN("text/plain"),
	 BODY("{login(password: #x\r#y\n,\n 4242, b: 2)}"), "login(password:", "4242", false},
	{"a comment before a default", SPAN("text/plain"),
	 BODY("query ($password: String # a=b, c)\n = \"SECRET\", $b: Int) {kept}"), "$b: Int) {kept}", NULL, false},
	{"a directive before a default", SPAN("text/plain"),
	 BODY("query ($password: [String!]! @a(b: 1), = \"SECRET\", $b: Int) {kept}"), "$b: Int) {kept}", NULL, false},
	{"no default", SPAN("text/plain"),
	 BODY("query ($password: String!, $b: Int = 5) {kept}"), "query ($password: String!, $b: Int = 5) {kept}", "[redacted]", true},
	{"no default, in parentheses", SPAN("text/plain"),
	 BODY("query ($password: String) @a(b: 1) {f(x: 1) kept=1}"), "query ($password: String) @a(b: 1) {f(x: 1) kept=1}", "[redacted]", true},
	{"a comma before the colon", SPAN("text/plain"),
	 BODY("{login(password, ,: \"SECRET\", b: 2)}"), ", b: 2)}", NULL, false},
	{"a byte order mark before the colon", SPAN("text/plain"),
	 BODY("{login(password\xef\xbb\xbf : \"SECRET\", b: 2)}"), ", b: 2)}", NULL, false},
	{"a blank and a byte order mark before the colon", SPAN("text/plain"),
	 BODY("{login(password \xef\xbb\xbf\xef\xbb\xbf: \"SECRET\", b: 2)}"), ", b: 2)}", NULL, false},
	{"a byte order mark before the value", SPAN("text/plain"),
	 BODY("{login(password:\xef\xbb\xbf\"SECRET\", b: 2)}"), "login(password:", NULL, false},
	{"blanks of JavaScript", SPAN("text/javascript"),
	 BODY("x = {\xc2\xa0password\xe2\x80\xa8\xe3\x80\x80: 'SECRET', b: 2}"), ", b: 2}", NULL, false},
	{"an escaped line end after a comment", SPAN("text/plain"),
	 BODY("{\"query\":\"{login(password #c\\n: #d\\n\\\"SEC,SECRET\\\", b: 2)}\"}"), ", b: 2)}", NULL, false},
	{"names in a list", SPAN("text/plain"),
	 BODY("f(password, b, c: 'kept') and [\"password\", \"b\"]"), "f(password, b, c: 'kept') and [\\\"password\\\", \\\"b\\\"]", "[redacted]", true},
	{"JSON with comments", SPAN("text/plain"),
	 BODY("{\"password\" /* a: */ : /* b,\n*/ // c, d\n \"SECRET\", \"b\": 2}"), ", \\\"b\\\": 2}", NULL, false},
	{"JSON with comments, by its type", SPAN(JSON),
	 BODY("{\"b\": 2, \"password\": /* , */ \"SECRET\"}"), "\\\"b\\\": 2", NULL, false},
	{"JSON5", SPAN("application/javascript"),
	 BODY("{password: //,\n 'SEC\\\n,SECRET', b: 2}"), ", b: 2}", NULL, false},
	{"a value like a comment", SPAN("text/plain"),
	 BODY("password: //SECRET\nb: kept"), "\\nb: kept", NULL, false},
	{"a value like a comment, of a variable", SPAN("text/plain"),
	 BODY("# x\npassword=#SECRET\nb=kept"), "\\nb=kept", NULL, false},
	/* digits after a backslash */
	{"octal escapes", SPAN("text/javascript"),
	 BODY("x = {\"\\160assword\": 'SECRET', b: 2}"), ", b: 2}", NULL, false},
	{"octal escapes in JSON", SPAN(JSON),
	 BODY("{\"p\\141ss\\167ord\":\"SECRET\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"octal escapes in a string of JSON", SPAN(JSON),
	 BODY("{\"x\":\"pass\\\\167ord\\\\75SECRET\",\"b\":2}"), "\\\"b\\\":2}", NULL, false},
	{"octal escapes in a form", SPAN(FORM),
	 BODY("x=%5C160assword%5C075SECRET&b=2"), "&b=2", NULL, false},
	{"octal escapes in a form, without a secret", SPAN(FORM),
	 BODY("x=C:%5C2020%5C1.txt+kept&b=2"), "kept&b=2", "[redacted]", false},
	{"octal escapes in a form, too short for a name", SPAN(FORM),
	 BODY("x=0%5C012%5C040%5C012&y%5C7=kept"), "x=0%5C012%5C040%5C012&y%5C7=kept", "[redacted]", false},
	{"an octal escape of two digits", SPAN("text/plain"),
	 BODY("password\\72\\42SECRET\\42 kept"), "password", NULL, false},
	{"octal escapes without a secret", SPAN("text/plain"),
	 BODY("\\160ass\\75kept \\7 \\777 \\1"), "\\\\160ass\\\\75kept \\\\7 \\\\777 \\\\1", "[redacted]", false},
	{"serialized with escapes", SPAN(""),
	 BODY("a:2:{S:8:\"\\70ass\\77ord\";S:7:\"\\22;SECRET\\22\";s:1:\"b\";i:2;}"), "a:2:", NULL, false},
	{"serialized with escapes, by its length", SPAN(""),
	 BODY("a:2:{S:8:\"p\\61ssword\";S:8:\"\\22;SE\\43RET\";s:1:\"b\";i:2;}"), "s:1:\\\"b\\\";i:2;}", "RET", false},
	{"serialized with escapes in a form", SPAN(FORM),
	 BODY("x=a%3A1%3A%7BS%3A8%3A%22%5C70assword%22%3BS%3A6%3A%22SECRET%22%3B%7D&b=2"), "&b=2", NULL, false},
	/* YAML */
	{"doubled quotation marks", SPAN("application/yaml"),
	 BODY("password: 'it''s SECRET'\nb: kept"), "b: kept", NULL, false},
	{"doubled quotation marks at both ends", SPAN("application/yaml"),
	 BODY("password: '''SECRET'' and SECRET'\nb: kept"), "password: ", NULL, false},
	{"empty quotation marks", SPAN("text/plain"),
	 BODY("call f(password='', b='kept') g(password=\"\", b=\"kept\")"), "b='kept') g(password=\\\"[redacted]\\\", b=\\\"kept\\\")", NULL, false},
	{"a block scalar", SPAN("application/yaml"),
	 BODY("a:\n  password: |2-\n    SECRET: 1\n\n    x: SECRET\n  b: kept"), "b: kept", NULL, false},
	{"a mapping", SPAN("application/yaml"),
	 BODY("a:\n- password:\n    x: SECRET\n    y:\n      SECRET: 1\n  b: kept"), "b: kept", NULL, false},
	{"an empty value", SPAN("application/yaml"),
	 BODY("a:\n  password:\n  b: x\n  c: kept"), "c: kept", NULL, false},
	{"a tag", SPAN("application/yaml"),
	 BODY("password: !!str 'SECRET, or SECRET'\nb: kept"), "b: kept", NULL, false},
	{"an anchor and a verbatim tag", SPAN("application/yaml"),
	 BODY("password: &a !<tag:yaml.org,2002:str> \"SECRET, or SECRET\"\nb: kept"), "b: kept", NULL, false},
	{"a tag before a block scalar", SPAN("application/yaml"),
	 BODY("a:\n  password: !!str &a |\n    SECRET: 1\n    SECRET\n  b: kept"), "b: kept", NULL, false},
	{"a tag before a mapping", SPAN("application/yaml"),
	 BODY("a:\n  password: !x\n    y: SECRET\n    z: SECRET\n  b: kept"), "b: kept", NULL, false},
	{"a tag before quotation marks in the next line", SPAN("application/yaml"),
	 BODY("a:\n  password: !x\n    'SECRET, SECRET'\n  b: kept"), "b: kept", NULL, false},
	{"a value like a tag", SPAN("application/yaml"),
	 BODY("password: !SECRET\nb: kept"), "b: kept", NULL, false},
	{"a value like an anchor", SPAN("application/yaml"),
	 BODY("password: &SECRET\n\"b\": kept"), "kept", NULL, false},
	/* operations that name a member by its path */
	{"JSON Patch", SPAN("application/json-patch+json"),
	 BODY("[{\"op\":\"replace\",\"path\":\"/password\",\"value\":\"SECRET\"},{\"path\":\"/b\",\"value\":\"kept\"}]"), "kept", NULL, false},
	{"JSON Patch, a path in an array", SPAN("application/json-patch+json"),
	 BODY("[{\"value\":\"SECRET\",\"op\":\"add\",\"path\":\"/users/0/password/-\"},{\"path\":\"/b\",\"value\":\"x\"}]"), "/users/0", NULL, false},
	{"JSON Patch in a string", SPAN("text/plain"),
	 BODY("x [{\\\"op\\\":\\\"add\\\",\\\"path\\\":\\\"/a/password\\\",\\\"value\\\":\\\"SECRET\\\"},{\\\"path\\\":\\\"/b\\\",\\\"value\\\":\\\"kept\\\"}]"), "kept", NULL, false},
	{"a path without a secret", SPAN(JSON),
	 BODY("[{\"op\":\"test\",\"path\":\"/passwords/x\",\"value\":\"kept\"}]"), "kept", "[redacted]", true},
	/* end-tags that are none */
	{"an end-tag in a processing instruction", SPAN("text/xml"),
	 BODY("<a><password><?x </password> ?>SECRET</password><b>kept</b></a>"), "<b>kept", NULL, false},
	{"an end-tag in an attribute", SPAN("text/xml"),
	 BODY("<a><password><b x='</password>' y = \"</password>\">SECRET</b></password><b>kept</b></a>"), "<b>kept", NULL, false},
	{"an attribute of the element", SPAN("text/xml"),
	 BODY("<a><password x='>'>SECRET</password><b>it's kept</b></a>"), "it's kept", NULL, false},
	/* events */
	{"a part in events sent as a form", SPAN(FORM),
	 BODY("data: --b\rdata: " DATA "name=\"password\"\rdata:\rdata: SECRET\rdata: --b--\r\r"), "data: --b", NULL, false},
	{"a part in events sent as a form, encoded", SPAN(FORM),
	 BODY("data: --b%0Adata: " DATA "name=\"password\"%0Adata:%0Adata: SECRET%0Adata: --b--&b=2"), "&b=2", NULL, false},
};
/* clang-format on */

static void test_forms(void **state)
{
	size_t i, n;
	char *line;

	(void)state;
	for (i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++) {
		const struct leak *l = &leaks[i];

		/* Truncated at every byte, too. */
		for (n = l->body.len; n >= (l->whole ? l->body.len : 1); n--) {
			line = line_of_body(&options, &l->type, l->body.data,
					    n);
			if (strstr(line, l->secret ? l->secret : "SEC"))
				fail_msg("%s, %zu bytes: %s", l->what, n, line);
			if (n == l->body.len && !strstr(line, l->kept))
				fail_msg("%s: too much masked: %s", l->what,
					 line);
			free(line);
		}
	}
}

/* The body of a whole message may have an encoding of MIME, too. */
static void test_transfer(void **state)
{
	static const struct http_field fields[] = {
		FIELD("Content-Type", FORM),
		FIELD("Content-Transfer-Encoding", "base64"),
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

	(void)state;
	t.request = &q;
	q.fields = fields;
	q.n_fields = 2;
	q.body = (struct http_body)BODY("YT0xJnBhc3N3b3JkPVNFQ1JFVA==");
	expect_absent(&t, &options, "NFQ1J");
	q.body = (struct http_body)BODY("YT0xJmI9Mg==");
	expect_part(&t, &options, "YT0xJmI9Mg==");
}

#define HEX32  "0123456789abcdef0123456789ABCDEF"
#define SHA256 "@sha256:" HEX32 HEX32
#define SHA512 "@sha512:" HEX32 HEX32 HEX32 HEX32

/* Without any option: user information in every field, and all cookies. */
static void test_fields(void **state)
{
	static const struct http_field fields[] = {
		FIELD("Forwarded",
		      "for=1.2.3.4;host=u:SECRET@h, for=x;host=\"u:SECRET@h\""),
		FIELD("Via", "1.1 u:SECRET@proxy:8080 (u:SECRET@x)"),
		FIELD("Content-Security-Policy",
		      "default-src https://u:SECRET@h 'self'; report-uri //u:SECRET@h/"),
		FIELD("Alt-Svc", "h2=\"u:SECRET@alt:443\"; ma=1"),
		FIELD("X-Forwarded-Host", "kept.example, u:SECRET@h"),
		FIELD("X-Forwarded-Server", "u%3ASECRET%40h"),
		FIELD("Origin", "null u:SECRET@h"),
		FIELD("Report-To",
		      "{\"endpoints\":[{\"url\":\"https:\\/\\/u:SECRET@h\"}]}"),
		FIELD("X-Proxy", "u:SE;C,RET=@h"),
		FIELD("NEL", "https%3A%2F%2Fu%3ASECRET%40h"),
		FIELD("X-Sip", "sip:u:SECRET@h"),
		FIELD("Cookie2", "SECRET"),
		FIELD("Set-Cookie2", "SECRET"),
		FIELD("Set_Cookie2", "SECRET"),
		FIELD("From", "kept@example.com"),
		FIELD("User-Agent", "bot (+mailto:kept2@example.com; x 12:30)"),
		FIELD("X-Call", "sip:kept3@example.com"),
		FIELD("pacote-pkg-id", "registry:@kept6/core"),
		FIELD("X-Package", "npm:kept7@1.2.3"),
		FIELD("X-Path", "/a:kept4@b?c=d:kept5@e"),
		FIELD("X-Image", "kept8:1.2" SHA256 ", docker://kept9:1" SHA256
				 " h:5000/kept:2" SHA512),
		FIELD("X-Odd",
		      "u:SE" SHA256 "0@h, u:SE@sha256:0011@h u:SE" SHA256
		      "@h docker://u:SE" SHA256 "f@h"),
	};
	static const char *const kept[] = {
		"default-src https://[redacted]@h 'self'; report-uri //[redacted]@h/",
		"for=1.2.3.4;host=[redacted]@h, for=x;host=\\\"[redacted]@h\\\"",
		"h2=\\\"[redacted]@alt:443\\\"; ma=1",
		"kept.example, [redacted]@h",
		"\"value\":\"kept@example.com\"",
		"bot (+mailto:kept2@example.com; x 12:30)",
		"sip:kept3@example.com",
		"registry:@kept6/core",
		"npm:kept7@1.2.3",
		"/a:kept4@b?c=d:kept5@e",
		"kept8:1.2" SHA256 ", docker://kept9:1" SHA256
		" h:5000/kept:2" SHA512,
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get, r = trace_ok;

	(void)state;
	t.request = &q;
	t.response = &r;
	q.fields = r.fields = fields;
	q.n_fields = r.n_fields = sizeof(fields) / sizeof(fields[0]);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		expect_part(&t, NULL, kept[i]);
		expect_part(&t, &options, kept[i]);
	}
	expect_absent(&t, NULL, "SE");
	expect_absent(&t, &options, "SE");
	expect_part(&t, &(const struct trace_options){.no_redact = true},
		    "u:SECRET@alt:443");
}

/* --- encodings of single characters --------------------------------------- */

/* Appends c in an encoding. */
static void add_code(struct buf *b, unsigned int encoding, uint8_t c)
{
	static const char *const forms[] = {"%%%02x",  "%%u%04X", "\\u%04x",
					    "\\x%02x", "&#%u;",	  "&#x%X;",
					    "\\%03o"};
	char code[16];

	snprintf(code, sizeof(code), forms[encoding], c);
	buf_add_str(b, code);
}

/* Encodes some characters, and those that the encoding begins with. The secret stays
 * readable. */
static void encode(struct buf *to, const struct buf *from)
{
	static const char begins[] = "%%\\\\&&\\";
	const unsigned int encoding = nest_pick(7);
	const uint8_t *p = from->p, *end = p + from->len;

	buf_clear(to);
	for (; p < end; p++) {
		if (end - p >= 6 && !memcmp(p, "SECRET", 6)) {
			buf_add(to, p, 6);
			p += 5;
		} else if (*p == (uint8_t)begins[encoding] || !nest_pick(6) ||
			   (*p == '+' && encoding < 2)) {
			add_code(to, encoding, *p);
		} else {
			buf_add(to, p, 1);
		}
	}
}

/* Puts text where it may stand. Returns its type. */
static const char *place(struct buf *to, const struct buf *text)
{
	/* In a form, an '&' would begin another pair, and digits after a backslash
	 * are not decoded. */
	unsigned int where = memchr(text->p, '&', text->len) ||
					     memchr(text->p, '\\', text->len)
				     ? 1 + nest_pick(3)
				     : nest_pick(4);

	buf_clear(to);
	buf_add_str(to, where == 0   ? "a=1&x="
			: where == 1 ? "<a b='1'>"
			: where == 2 ? "--b\r\n" DATA "name=x\r\n\r\n"
				     : "");
	buf_add(to, text->p, text->len);
	buf_add_str(to, where == 2 ? "\r\n--b--\r\n" : "");
	return where == 2 ? MULTIPART : where ? "text/html" : "";
}

static void test_encodings(void **state)
{
	static const char *const forms[] = {
		"{\"password\":\"SECRET\"}",
		"see x=1&password=SECRET",
		"https://u:SECRET@h/",
		"s:8:\"password\";s:6:\"SECRET\";",
		"<!DOCTYPE a [<!ENTITY password \"SECRET\">]>",
		"<!DOCTYPE a [<!ENTITY e \"SECRET\">]><password>&e;</password>",
		"<password>SECRET</password>",
		"<input name=\"password\" value=\"SECRET\">",
		"mutation { login(password: \"SECRET\") }",
	};
	struct buf text[2] = {{0}, {0}};
	unsigned int round, at, depth;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct http_span type;
		char *line;

		buf_clear(&text[0]);
		buf_add_str(&text[0],
			    forms[nest_pick(sizeof(forms) / sizeof(forms[0]))]);
		for (at = 0, depth = nest_pick(4); depth--; at = !at)
			encode(&text[!at], &text[at]);
		type.p = (const uint8_t *)place(&text[!at], &text[at]);
		type.len = (uint32_t)strlen((const char *)type.p);
		line = line_of_body(&options, &type, text[!at].p,
				    text[!at].len);
		if (strstr(line, "SECRET"))
			fail_msg("round %u, %.*s: %.*s: %s", round,
				 (int)type.len, (const char *)type.p,
				 (int)text[!at].len, (char *)text[!at].p, line);
		free(line);
	}
	buf_free(&text[0]);
	buf_free(&text[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_transfer),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_encodings),
	};

	return cmocka_run_group_tests_name("leak forms", tests, NULL, NULL);
}
