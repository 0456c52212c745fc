/* SPDX-License-Identifier: MIT */
/* Forms of bodies and heads that contain the word SECRET as the value of the
 * secret name "password" or as user information of a URL. It must not appear in
 * the line; a table of known forms, and random nestings of them. */
#include "base/buf.h"
#include "nest_kit.h"
#include "trace_kit.h"

static const char *const names[] = {"password"};
static const struct trace_options options = {.fields = names, .n_fields = 1};

#define FORM	   "application/x-www-form-urlencoded"
#define JSON	   "application/json"
#define MULTIPART  "multipart/form-data; boundary=b"
#define PART(head) "--b\r\n" head "\r\n\r\nSECRET\r\n--b--\r\n"
#define DATA	   "Content-Disposition: form-data; "

struct leak {
	const char *what;
	struct http_span type;
	struct http_body body;
	const char *kept; /* part of the line */
};

/* clang-format off */
static const struct leak leaks[] = {
	/* a prefix before JSON */
	{"XSSI prefix", SPAN("text/plain"),
	 BODY(")]}',\n{\"a\":1,\"password\":\"SECRET\",\"b\":2}"),
	 "\\\"password\\\":\\\"[redacted]\\\",\\\"b\\\":2}"},
	{"loop prefix", SPAN("text/html"),
	 BODY("for(;;);{\"password\":{\"a\":\"SECRET\"},\"b\":2}"),
	 "\\\"b\\\":2}"},
	{"JSONP", SPAN("text/javascript"),
	 BODY("cb({\"password\":\"SECRET\",\"b\":2})"), "\\\"b\\\":2})"},
	{"JSONP without a type", SPAN(""),
	 BODY("/**/ cb([{\"password\" : \"SECRET\"}]);"), "cb("},
	{"object literal", SPAN("application/javascript"),
	 BODY("cb({password:'SECRET',b:2})"), "',b:2})"},
	{"prefix with a JSON type", SPAN(JSON),
	 BODY(")]}',\n{\"password\":\"SECRET\"}"), ""},
	{"text in front", SPAN(""),
	 BODY("saved: {\"password\":\"SECRET\\\\\",\"b\":2}"), "saved"},
	/* UTF-16 and UTF-32 */
	{"UTF-16LE with a mark", SPAN("text/plain"),
	 BODY("\xff\xfe{\0\"\0p\0a\0s\0s\0w\0o\0r\0d\0\"\0:\0\"\0S\0E\0C\0R\0E\0T\0\"\0}\0"), "[redacted]"},
	{"UTF-16BE", SPAN(JSON),
	 BODY("\0{\0\"\0p\0a\0s\0s\0w\0o\0r\0d\0\"\0:\0\"\0S\0E\0C\0R\0E\0T\0\"\0}"), "[redacted]"},
	{"UTF-16 form", SPAN(FORM),
	 BODY("p\0a\0s\0s\0w\0o\0r\0d\0=\0S\0E\0C\0R\0E\0T\0"), "[redacted]"},
	{"UTF-32", SPAN(""),
	 BODY("{\0\0\0\"\0\0\0p\0\0\0a\0\0\0s\0\0\0s\0\0\0w\0\0\0o\0\0\0r\0\0\0d\0\0\0\"\0\0\0:\0\0\0001\0\0\0"), "[redacted]"},
	/* heads of parts */
	{"another name first", SPAN(MULTIPART),
	 BODY(PART("Content-Type: text/plain; name=\"x\"\r\n" DATA "name=\"password\"")), "--b--"},
	{"two names", SPAN(MULTIPART),
	 BODY(PART(DATA "name=\"x\"; name=\"password\"")), "--b--"},
	{"blanks around =", SPAN(MULTIPART),
	 BODY(PART(DATA "name = \"password\"")), "--b--"},
	{"name*=", SPAN(MULTIPART),
	 BODY(PART(DATA "name*=utf-8''pass%77ord")), "--b--"},
	{"name*0=", SPAN(MULTIPART),
	 BODY(PART(DATA "name*0=pass; name*1=word")), "--b--"},
	{"single quotes", SPAN(MULTIPART),
	 BODY(PART(DATA "name='password'")), "--b--"},
	{"no quotes", SPAN(MULTIPART),
	 BODY(PART(DATA "name=password")), "--b--"},
	{"a quoted pair", SPAN(MULTIPART),
	 BODY(PART(DATA "name=\"pass\\word\"")), "--b--"},
	{"an encoded word", SPAN(MULTIPART),
	 BODY(PART(DATA "name=\"=?utf-8?B?cGFzc3dvcmQ=?=\"")), "--b--"},
	{"a folded head", SPAN(MULTIPART),
	 BODY(PART("Content-Disposition: form-data;\r\n name=\r\n\t\"password\"")), "--b--"},
	{"brackets", SPAN(MULTIPART),
	 BODY(PART(DATA "name=\"user[password]\"")), "--b--"},
	{"a filename before the name", SPAN(MULTIPART),
	 BODY(PART(DATA "filename=\"name=\\\"x\"; name=\"password\"")), "--b--"},
	{"a preamble", SPAN(MULTIPART),
	 BODY("This is MIME.\r\n" PART(DATA "name=\"password\"")), "--b--"},
	{"a preamble with a false delimiter", SPAN(MULTIPART),
	 BODY("--x\r\nA: b\r\n\r\n" PART(DATA "name=\"password\"")), "--x"},
	{"a multipart body as text", SPAN("text/plain"),
	 BODY(PART(DATA "name=\"password\"")), "--b"},
	{"multipart in multipart", SPAN(MULTIPART),
	 BODY("--b\r\n" DATA "name=\"x\"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n" DATA "name=\"password\"\r\n\r\nSECRET\r\n--c--\r\n--b--\r\n"), "--b--"},
	{"a private key in a part", SPAN(MULTIPART),
	 BODY(PART(DATA "name=\"password\"\r\n\r\n-----BEGIN KEY-----\r\nA: b\r\n")), "--b--"},
	{"a form in a part", SPAN(MULTIPART),
	 BODY("--b\r\n" DATA "name=\"x\"\r\n\r\na=1&password=SECRET\r\n--b\r\n\r\nkept\r\n--b--"), "kept"},
	/* forms */
	{"a text/plain form", SPAN("text/plain"),
	 BODY("a=1\r\npassword=SECRET\r\nb=2\r\n"), "a="},
	{"a text/plain form, blank in the first name", SPAN("text/plain"),
	 BODY("my name=1\r\npassword=SECRET\r\nSECRET\r\nb=2\r\n"), "b=2"},
	{"+password", SPAN(FORM), BODY("a=1&+password=SECRET&b=2"), "&b=2"},
	{"%20password+", SPAN(FORM), BODY("%20password+=SECRET&b=2"), "&b=2"},
	{"password%00x", SPAN(FORM), BODY("password%00x=SECRET&b=2"), "&b=2"},
	{"password%0d", SPAN(FORM), BODY("%0apassword%0d=SECRET&b=2"), "&b=2"},
	{"quotation marks", SPAN(FORM), BODY("\"password\"=SECRET&b=2"), "&b=2"},
	{"a body that is one encoded value", SPAN(FORM),
	 BODY("%7B%22password%22%3A%22SECRET%22%7D"), "[redacted]"},
	{"JSON with '=' as a form", SPAN(FORM),
	 BODY("x\n{\"password\":\"SECRET=x\",\"a\":1}&b=2"), "&b=2"},
	{"a dump of variables", SPAN("text/plain"),
	 BODY("$ login --password=SECRET -v\n$ next: x\n"), "next"},
	/* strings of JSON */
	{"a form in a string", SPAN(JSON),
	 BODY("{\"a\":\"x=1&password=SECRET\",\"b\":2}"), "\\\"b\\\":2}"},
	{"a form after a line end in a string", SPAN(JSON),
	 BODY("{\"a\":\"x=1\\npassword=SECRET\",\"b\":2}"), "\\\"b\\\":2}"},
	{"an encoded form in a string", SPAN(JSON),
	 BODY("{\"a\":\"x%3D1%26p%2561ssword%3DSECRET\",\"b\":2}"), "\\\"b\\\":2}"},
	{"multipart in a string", SPAN(JSON),
	 BODY("{\"a\":\"--b\\r\\n" DATA "name=\\\"password\\\"\\r\\n\\r\\nSECRET\",\"b\":2}"), "\\\"b\\\":2}"},
	{"a URL with credentials in a string", SPAN(JSON),
	 BODY("{\"a\":\"postgres:\\/\\/u:SECRET@h\\/db\",\"b\":2}"), "\\\"b\\\":2}"},
	{"JSON with a prefix in a string", SPAN(JSON),
	 BODY("{\"a\":\"x {\\\"password\\\":\\\"SECRET\\\"}\",\"b\":2}"), "\\\"b\\\":2}"},
	/* GraphQL */
	{"a GraphQL literal in JSON", SPAN(JSON),
	 BODY("{\"query\":\"mutation{login(user:\\\"u\\\",password:\\\"SECRET\\\"){id}}\",\"b\":2}"), "\\\"b\\\":2}"},
	{"a GraphQL literal", SPAN("application/graphql"),
	 BODY("mutation { login(password: \"SECRET\", b: 2) { id } }"), ", b: 2) { id } }"},
	{"a GraphQL block string", SPAN("application/graphql"),
	 BODY("{ login(password: \"\"\"a \"SECRET\" b\"\"\", b: 2) }"), ", b: 2) }"},
	{"a GraphQL object", SPAN("application/graphql"),
	 BODY("{ login(password: {v: \"SECRET\"}, b: 2) }"), ", b: 2) }"},
	{"a GraphQL default", SPAN("application/graphql"),
	 BODY("query ($password: String = \"SECRET\") { a }"), ") { a }"},
	{"a GraphQL variable is no secret", SPAN(JSON),
	 BODY("{\"query\":\"query($password: String!) { login(password: $password) { id } }\"}"), "login(password: $password) { id }"},
	{"a GraphQL literal in a form", SPAN(FORM),
	 BODY("query=%7Blogin(password%3A%22SECRET%22)%7D&b=2"), "&b=2"},
	/* names and values as members */
	{"a name and a value", SPAN(JSON),
	 BODY("[{\"name\":\"a\",\"value\":\"kept\"},{\"name\": \"Password\", \"value\": \"SECRET\",\"b\":2}]"), "\\\"b\\\":2}]"},
	{"a value and a name", SPAN(JSON),
	 BODY("{\"value\":\"SECRET\",\"type\":1,\"key\":\"password\",\"b\":2}"), "\\\"b\\\":2}"},
	{"a name and a value in a string", SPAN(JSON),
	 BODY("{\"a\":\"{\\\"name\\\":\\\"password\\\",\\\"value\\\":\\\"SECRET\\\"}\",\"b\":2}"), "\\\"b\\\":2}"},
	{"a name and a value in text", SPAN("text/plain"),
	 BODY("x {\"value\":\"SECRET\",\"name\":\"password\"} kept"), "kept"},
	{"the value of another name", SPAN(JSON),
	 BODY("{\"name\":\"a\",\"value\":\"kept\",\"c\":{\"name\":\"password\"},\"d\":{\"value\":\"kept 2\"}}"), "kept 2"},
	{"a name and a value after another secret", SPAN("text/plain"),
	 BODY("x {\"password\":1,\"name\":\"password\",\"value\":\"SECRET\"} kept"), "kept"},
	/* XML and HTML */
	{"an element", SPAN("text/xml"),
	 BODY("<a><password>SECRET</password><b>kept</b></a>"), "<b>kept</b>"},
	{"an element with a prefix", SPAN("text/xml"),
	 BODY("<s:a><s:Password xsi:type=\"x:string\">SECRET</s:Password><b>kept</b></s:a>"), "<b>kept</b>"},
	{"children", SPAN("text/xml"),
	 BODY("<password>\n<v>SECRET</v><v>SECRET</v>\n</password><b>kept</b>"), "<b>kept</b>"},
	{"CDATA", SPAN("text/xml"),
	 BODY("<password><![CDATA[SECRET<]]></password ><b>kept</b>"), "<b>kept</b>"},
	{"an attribute", SPAN("text/xml"),
	 BODY("<a password='SECRET' b='kept'/>"), "b='kept'"},
	{"an element in a string", SPAN(JSON),
	 BODY("{\"a\":\"<password>SECRET<\\/password>\",\"b\":2}"), "\\\"b\\\":2}"},
	{"a form field of HTML", SPAN("text/html"),
	 BODY("<input name=\"password\" type='x' value=\"SECRET\"><p>kept</p>"), "<p>kept</p>"},
	{"the value first", SPAN("text/html"),
	 BODY("<input value=\"SECRET\" name=\"password\"><p>kept</p>"), "<p>kept</p>"},
	{"an element named by an attribute", SPAN("text/xml"),
	 BODY("<entry key=\"password\">SECRET</entry><b>kept</b>"), "<b>kept</b>"},
	{"its child", SPAN("text/xml"),
	 BODY("<entry key=\"password\">\n<value>SECRET</value></entry><b>kept</b>"), "<b>kept</b>"},
	{"JSON with entities", SPAN("text/html"),
	 BODY("<a b=\"{&quot;password&quot;:&quot;SECRET,SECRET&quot;,&quot;c&quot;:2}\">"), ",&quot;c&quot;:2}"},
	{"an escaped element", SPAN("text/xml"),
	 BODY("<a>&lt;pass&#119;ord&gt;SECRET&lt;/password&gt;</a>"), "<a>"},
	{"an empty element", SPAN("text/xml"),
	 BODY("<password/><b>kept</b>"), "<password/><b>kept</b>"},
	{"another element", SPAN("text/xml"),
	 BODY("<passwords>kept</passwords><a>password</a>"), "<passwords>kept</passwords><a>password</a>"},
	/* aws-chunked */
	/* --- names that frameworks build of parts --- */
	{"JSF", SPAN(FORM), BODY("a=1&login%3Apassword=SECRET&b=2"), "&b=2"},
	{"JSF, not encoded", SPAN(FORM), BODY("a=1&login:password=SECRET&b=2"),
	 "&b=2"},
	{"ASP.NET", SPAN(FORM), BODY("ctl00%24Main%24password=SECRET&b=2"),
	 "&b=2"},
	{"a name encoded twice", SPAN(FORM), BODY("p%2561ssword=SECRET&b=2"),
	 "&b=2"},
	{"a mark before the name", SPAN(FORM),
	 BODY("\xef\xbb\xbfpassword=SECRET&b=2"), "&b=2"},
	{"an element with the type of a form", SPAN(FORM),
	 BODY("<a password='SECRET'/>"), "<a password="},
	{"a multipart body with the type of a form", SPAN(FORM),
	 BODY(PART(DATA "name=\"user.password\"")), "--b"},
	{"a member with a prefix", SPAN(JSON),
	 BODY("{\"user.password\":\"SECRET\",\"user[password]\":\"SECRET\",\"b\":2}"), "\\\"b\\\":2}"},
	{"a member with blanks or NUL", SPAN(JSON),
	 BODY("{\" password \":\"SECRET\",\"password\\u0000x\":\"SECRET\",\"b\":2}"), "\\\"b\\\":2}"},
	{"escapes of JavaScript", SPAN("text/javascript"),
	 BODY("cb({\"\\x70assword\":\"SECRET\",\"\\u{70}assword\":\"SECRET\",b:2}"), ",b:2}"},
	{"no escape of JavaScript", SPAN("text/javascript"),
	 BODY("cb({\"\\xpassword\":1,\"\\x\\\"password\":\"SECRET\",b:2}"), ",b:2}"},
	{"a comment before the colon", SPAN("text/javascript"),
	 BODY("cb({password/* a */:'SECRET',\"password\" // a\n:'SECRET',b:2}"), ",b:2}"},
	/* --- a name and its value in an object with others --- */
	{"an object between name and value", SPAN(JSON),
	 BODY("{\"name\":\"password\",\"c\":{\"d\":{}},\"value\":\"SECRET\",\"b\":2}"), "\\\"b\\\":2}"},
	{"an object between value and name", SPAN(JSON),
	 BODY("{\"value\":\"SECRET\",\"c\":[{\"d\":1}],\"name\":\"password\",\"b\":2}"), "\\\"b\\\":2}"},
	{"the same in text", SPAN("text/plain"),
	 BODY("x {\"name\":\"password\",\"c\":{\"d\":{}},\"value\":\"SECRET\",\"b\":2}"), "\\\"b\\\":2}"},
	{"the same in text, the value first", SPAN("text/plain"),
	 BODY("x {\"value\":\"SECRET\",\"c\":{\"d\":{}},\"name\":\"password\",\"b\":2}"), "\\\"b\\\":2}"},
	{"XML-RPC", SPAN("text/xml"),
	 BODY("<m><name>password</name>\n<value><string>SECRET</string></value><b>kept</b></m>"), "<b>kept</b>"},
	{"a property list", SPAN("text/xml"),
	 BODY("<dict><key>password</key><string>SECRET</string><key>b</key></dict>"), "<key>b</key>"},
	{"XML-RPC in an attribute", SPAN("text/xml"),
	 BODY("<a b=\"&lt;name>password&lt;/name>&#60;value>SECRET&lt;/value>\"/>"), "<a b="},
	{"XML-RPC in an attribute, encoded", SPAN("text/xml"),
	 BODY("<a b=\"&lt;name&gt;password&lt;/name&gt;&lt;value&gt;SECRET\"/>"), "<a b="},
	{"a value beside a name, without an element", SPAN("text/xml"),
	 BODY("<name>password</name> SECRET<b>kept</b>"), "<b>kept</b>"},
	{"an empty element after a name", SPAN("text/xml"),
	 BODY("<name>password</name><v a=\"SECRET\"/><b>kept</b>"), "<b>kept</b>"},
	/* --- the end of an element --- */
	{"an end-tag within CDATA", SPAN("text/xml"),
	 BODY("<password><![CDATA[</password>SECRET]]></password><b>kept</b>"), "<b>kept</b>"},
	{"an end-tag within a comment", SPAN("text/xml"),
	 BODY("<password><!-- </password> -->SECRET</password><b>kept</b>"), "<b>kept</b>"},
	{"an element within one of its name", SPAN("text/xml"),
	 BODY("<password><password>a</password><password/>SECRET</password><b>kept</b>"), "<b>kept</b>"},
	/* --- UTF-16 that does not begin with a Latin character --- */
	{"UTF-16LE after a Chinese character", SPAN("text/plain"),
	 BODY("\xc6\x5b{\0\"\0p\0a\0s\0s\0w\0o\0r\0d\0\"\0:\0\"\0S\0E\0C\0R\0E\0T\0\"\0}\0"), "[redacted]"},
	{"UTF-16BE after a line end", SPAN(JSON),
	 BODY("\r\n\xfe\xff\0{\0\"\0p\0a\0s\0s\0w\0o\0r\0d\0\"\0:\0\"\0S\0E\0C\0R\0E\0T\0\"\0}"), "[redacted]"},
	{"JSON after NULs", SPAN(""), BODY("\0\1\2{\"password\":\"SECRET\"}"),
	 "[redacted]"},
	{"one slash after a scheme", SPAN("text/plain"),
	 BODY("see http:/u:SECRET@h/ kept"), "kept"},
	{"aws-chunked", SPAN("binary/octet-stream"),
	 BODY("16;chunk-signature=ab\r\n{\"a\":\"1\",\"password\":\"SE\r\n6;chunk-signature=cd\r\nCRET\"}\r\n0;chunk-signature=ef\r\n\r\n"), "[redacted]"},
	{"aws-chunked, the name split", SPAN(JSON),
	 BODY("9;chunk-signature=ab\r\n{\"passwor\r\nc;chunk-signature=cd\r\nd\":\"SECRET\"}\r\n0;chunk-signature=ef\r\n\r\n"), "[redacted]"},
	{"aws-chunked, unsigned", SPAN(""),
	 BODY("9\r\n{\"passwor\r\nc\r\nd\":\"SECRET\"}\r\n0\r\nx-amz-checksum-crc32:a\r\n\r\n"), "[redacted]"},
	/* not secrets */
	{"prose", SPAN("text/plain"), BODY("the password is wrong: no"),
	 "the password is wrong: no"},
	{"a value equal to the name", SPAN(JSON),
	 BODY("{\"type\":\"password\",\"b\":\"x: y\"}"),
	 "{\\\"type\\\":\\\"password\\\",\\\"b\\\":\\\"x: y\\\"}"},
	{"a longer name", SPAN("text/plain"), BODY("x_password=1\npasswords=2"),
	 "x_password=1\\npasswords=2"},
	{"UTF-16 without a secret", SPAN("text/plain"), BODY("a\0b\0"),
	 "a\\u0000b\\u0000"},
	{"a page with a password field", SPAN("text/html"),
	 BODY("<input type=\"password\" name=\"password\" id=x>"), "id=x>"},
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
		for (n = l->body.len; n; n--) {
			line = line_of_body(&options, &l->type, l->body.data,
					    n);
			if (strstr(line, "SEC") || strstr(line, "S\\u0000E"))
				fail_msg("%s, %zu bytes: %s", l->what, n, line);
			if (n == l->body.len && !strstr(line, l->kept))
				fail_msg("%s: too much masked: %s", l->what,
					 line);
			free(line);
		}
	}
}

static void test_two_types(void **state)
{
	static const struct http_field types[][2] = {
		{FIELD("Content-Type", "text/plain"),
		 FIELD("Content-Type", MULTIPART)},
		{FIELD("Content-Type", FORM), FIELD("Content-Type", MULTIPART)},
		{FIELD("Content-Type", MULTIPART), FIELD("Content-Type", FORM)},
		{FIELD("Content-Type", JSON), FIELD("Content-Type", FORM)},
	};
	static const struct http_body bodies[] = {
		BODY(PART(DATA "name=\"password\"")),
		BODY("a=1&password=SECRET"),
		BODY("{\"password\":\"SECRET\"}"),
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;
	size_t i, k;

	(void)state;
	t.request = &q;
	q.n_fields = 2;
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 3; k++) {
			q.fields = types[i];
			q.body = bodies[k];
			expect_absent(&t, &options, "SECRET");
		}
	}
}

/* Without any. */
static const struct target_case unmasked = {
	SPAN("/a/password%5C1=x%5C012%5C040"),
	SPAN("/a/password%5C1=x%5C012%5C040"), SPAN(""),
	"\"path\":\"/a/password%5C1=x%5C012%5C040\""};

/* With names of secrets. */
static const struct target_case parameters[] = {
	{SPAN("/?{\"password\":\"SECRET=x\"}&b=2"), SPAN("/"),
	 SPAN("{\"password\":\"SECRET=x\"}&b=2"), "&b=2"},
	{SPAN("/?%7B%22password%22%3A%22SECRET%22%7D&b=2"), SPAN("/"),
	 SPAN("%7B%22password%22%3A%22SECRET%22%7D&b=2"), "&b=2"},
	{SPAN("/Users(password='SECRET')"), SPAN("/Users(password='SECRET')"),
	 SPAN(""), "\"path\":\"/Users(password=[redacted]\""},
	{SPAN("/?p%2561ssword=SECRET&b=2"), SPAN("/"),
	 SPAN("p%2561ssword=SECRET&b=2"), "&b=2"},
	{SPAN("/?a,password=SECRET&b=2"), SPAN("/"),
	 SPAN("a,password=SECRET&b=2"), "&b=2"},
	{SPAN("/?+password%00x=SECRET&b=2"), SPAN("/"),
	 SPAN("+password%00x=SECRET&b=2"), "&b=2"},
};

#define DIGEST \
	"@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* User information is masked with or without secret names. */
static void test_user_info(void **state)
{
	static const struct http_field fields[] = {
		FIELD("Host", "u:SECRET@h:8080"),
		FIELD("Origin", "http://u:SECRET@h"),
		FIELD("Link",
		      "<http://a/>; rel=\"x\", <http://u:SECRET@h/>; rel=y"),
		FIELD("Location", "//u:SECRET@h/"),
		FIELD("Location", "http:/u:SECRET@h/"),
		FIELD("Location", "http:\\\\u:SECRET@h/"),
		FIELD("Location", "/\\u:SECRET@h/"),
		FIELD("Host", "u%3ASECRET%40h:443"),
		FIELD("Referer", "http://h/?u=http%3A%2F%2Fu%3ASECRET%40h&b=2"),
		FIELD("X-Forwarded-Host", "u:SEC@RET@h"),
		FIELD("X-Kept", "a@b"),
	};
	static const struct target_case targets[] = {
		{SPAN("u:SECRET@h:443"), SPAN(""), SPAN(""),
		 "\"target\":\"[redacted]@h:443\""},
		{SPAN("http://u:SECRET@h/a"), SPAN("/a"), SPAN(""),
		 "\"target\":\"http://[redacted]@h/a\""},
		{SPAN("/p/http://u:SECRET@h/a"), SPAN("/p/http://u:SECRET@h/a"),
		 SPAN(""), "\"path\":\"/p/http://[redacted]@h/a\""},
		{SPAN("/p/http%3a%2f%2fu:SECRET@h%2fa"),
		 SPAN("/p/http%3a%2f%2fu:SECRET@h%2fa"), SPAN(""),
		 "\"path\":\"/p/[redacted]\""},
		{SPAN("/?to=http://u:SECRET@h/&b=2"), SPAN("/"),
		 SPAN("to=http://u:SECRET@h/&b=2"),
		 "{\"name\":\"to\",\"value\":\"[redacted]\"}"},
		{SPAN("/?to=http%3A%2F%2Fu%3ASECRET%2540h&b=2"), SPAN("/"),
		 SPAN("to=http%3A%2F%2Fu%3ASECRET%2540h&b=2"),
		 "{\"name\":\"b\",\"value\":\"2\"}"},
		{SPAN("/?http://u:SECRET@h/=1"), SPAN("/"),
		 SPAN("http://u:SECRET@h/=1"), "[redacted]"},
		{SPAN("/p/http:/u:SECRET@h/a"), SPAN("/p/http:/u:SECRET@h/a"),
		 SPAN(""), "\"path\":\"/p/http:/[redacted]@h/a\""},
		{SPAN("u%3ASECRET%2540h:443"), SPAN(""), SPAN(""),
		 "\"target\":\"[redacted]%2540h:443\""},
		{SPAN("/u:SECRET@h/x"), SPAN("/u:SECRET@h/x"), SPAN(""),
		 "\"path\":\"/[redacted]@h/x\""},
		{SPAN("/p/u:SEC;,&SECRET@h?b=2"), SPAN("/p/u:SEC;,&SECRET@h"),
		 SPAN("b=2"), "\"path\":\"/p/[redacted]@h\""},
		{SPAN("/p/u%3aSECRET%40h/x"), SPAN("/p/u%3aSECRET%40h/x"),
		 SPAN(""), "\"path\":\"/p/[redacted]%40h/x\""},
		{SPAN("/npm:kept@1/a@b:c/a:b"), SPAN("/npm:kept@1/a@b:c/a:b"),
		 SPAN(""), "\"path\":\"/npm:kept@1/a@b:c/a:b\""},
		{SPAN("/v2/a:1" DIGEST), SPAN("/v2/a:1" DIGEST), SPAN(""),
		 "\"path\":\"/v2/a:1" DIGEST "\""},
		{SPAN("/?i=a:1" DIGEST), SPAN("/"), SPAN("i=a:1" DIGEST),
		 "\"target\":\"/?i=a:1" DIGEST "\""},
		{SPAN("/?q=a@b"), SPAN("/"), SPAN("q=a@b"), "/?q=a@b"},
		{SPAN("/?q=a%40b//c"), SPAN("/"), SPAN("q=a%40b//c"),
		 "/?q=a%40b//c"},
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get;

	(void)state;
	t.request = &q;
	q.fields = fields;
	q.n_fields = sizeof(fields) / sizeof(fields[0]);
	q.host = (struct http_span)SPAN("u:SECRET@h");
	expect_absent(&t, &options, "SEC");
	expect_absent(&t, NULL, "SEC");
	expect_part(&t, NULL, "\"host\":\"[redacted]@h\"");
	expect_part(&t, NULL, "[redacted]@h:8080");
	expect_part(&t, NULL, "a@b");
	expect_targets(targets, sizeof(targets) / sizeof(targets[0]), &options);
	expect_targets(targets, sizeof(targets) / sizeof(targets[0]), NULL);
	expect_targets(&unmasked, 1, NULL);
	expect_targets(parameters, 3, &options);
}

/* Heads flagged as malformed: names that some parsers repair, and folded lines
 * that some take for fields. */
static void test_odd_fields(void **state)
{
	static const struct http_field fields[] = {
		FIELD("Authorization\x01", "SECRET"),
		FIELD("\"Authorization\"", "SECRET"),
		FIELD("Author\tization", "SECRET"),
		FIELD("Author\x01ization", "SECRET"),
		FIELD("\x0b"
		      "Cookie",
		      "SECRET"),
		FIELD("Cookie\xa0", "SECRET"),
		FIELD("X-A", "a  Authorization: Bearer SECRET"),
		FIELD("X-B", "Authorization : SECRET"),
		FIELD("X_API_Key", "SECRET"),
		FIELD("Set_Cookie", "SECRET"),
		FIELD("X-C", "a   X-Api_Key: SECRET"),
		FIELD("X-D", "a   set_cookie: SECRET"),
		FIELD("X-E", "u:   SECRET@h"),
		FIELD("X-F", "http://u:x \t SECRET@h"),
		FIELD("X-G", "u   :SECRET@h"),
		FIELD("X-Kept", "kept: 1"),
		FIELD("X-Also", "kept: 2   to me@example.com"),
	};
	struct http_transaction t = trace_example;
	struct http_message q = trace_get, r = trace_ok;

	(void)state;
	t.request = &q;
	t.response = &r;
	t.flags = HTTP_F_MALFORMED;
	q.fields = r.fields = fields;
	q.n_fields = r.n_fields = sizeof(fields) / sizeof(fields[0]);
	expect_absent(&t, NULL, "SECRET");
	expect_part(&t, NULL, "kept: 1");
	expect_part(&t, NULL, "kept: 2   to me@example.com");
	expect_part(&t, &(const struct trace_options){.no_redact = true},
		    "SECRET");
}

/* --- random nestings ------------------------------------------------------ */

static void add_innermost(struct buf *b)
{
	static const char *const forms[] = {
		"{\"a\":1,\"password\":\"SECRET\"}",
		"{\"password\" : [1,{\"x\":\"SECRET\"}]}",
		"a=1&password=SECRET",
		"+password%00x=SECRET&b=2",
		"user[password]=SECRET",
		"http://h/?a=1&password=SECRET",
		"https://u:SECRET@h/p",
		"--b\r\n" DATA "name=\"password\"\r\n\r\nSECRET\r\n--b--\r\n",
		"mutation { login(password: \"SECRET\") { id } }",
		")]}',\n{\"password\":\"SECRET\"}",
		"cb({\"password\":\"SECRET\"})",
		"<a><n:password b=\"1\">SECRET</n:password></a>",
		"<input name=\"password\" value=\"SECRET\">",
		"<a b=\"{&quot;password&quot;:&quot;SECRET&quot;}\">",
	};

	buf_add_str(b, forms[nest_pick(sizeof(forms) / sizeof(forms[0]))]);
}

static void check_line(const struct buf *text, const char *type,
		       unsigned int round)
{
	const struct http_span span = {(const uint8_t *)type, strlen(type)};
	char *line = line_of_body(&options, &span, text->p, text->len);

	if (strstr(line, "SECRET") || strstr(line, "S\\u0000E"))
		fail_msg("round %u, %s: %.*s: %s", round, type, (int)text->len,
			 (char *)text->p, line);
	free(line);
}

static void test_nestings(void **state)
{
	static const char *const other[] = {"", "text/plain",
					    "application/octet-stream"};
	struct buf text[2] = {{0}, {0}};
	unsigned int round, depth, at;
	const char *type;

	(void)state;
	for (round = 0; round < 10000; round++) {
		buf_clear(&text[0]);
		add_innermost(&text[0]);
		type = "text/plain";
		at = 0;
		for (depth = 1 + nest_pick(5); depth--; at = !at) {
			buf_clear(&text[!at]);
			type = nest_wrap(&text[!at], &text[at]);
		}
		/* Labelled as what it is, or not. */
		if (!nest_pick(3))
			type = other[nest_pick(3)];
		check_line(&text[at], type, round);
		nest_recode(&text[!at], &text[at]);
		check_line(&text[!at], type, round);
	}
	buf_free(&text[0]);
	buf_free(&text[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_two_types),
		cmocka_unit_test(test_user_info),
		cmocka_unit_test(test_odd_fields),
		cmocka_unit_test(test_nestings),
	};

	return cmocka_run_group_tests_name("leaks", tests, NULL, NULL);
}
