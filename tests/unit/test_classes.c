/* SPDX-License-Identifier: MIT */
/* Values of each class in the forms in which they may stand, and text that only
 * looks like them. */
#include "base/buf.h"
#include "nest_kit.h"
#include "trace/class_mask.h"
#include "trace/class_scan.h"
#include "trace_kit.h"

#define ALL ((1u << N_CLASSES) - 1)

#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define CLAIMS "eyJzdWIiOiIxMjM0NTY3ODkwIn0"
#define JWT    HEADER "." CLAIMS ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
#define KEY    "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

/* Text and what the masks make of it. */
struct masked_text {
	const char *what, *text, *masked;
};

/* clang-format off */
static const struct masked_text texts[] = {
	{"a digit of it", "411111111111111%3\\u0031 b", "[redacted:card] b"},
	{"an address so encoded", "a%4\\x30example.com", "[redacted:email]"},
	{"its percent sign", "a\\u002540example.com", "[redacted:email]"},
	{"an escape after a percent sign", "5%\\n4111111111111111",
	 "5%\\n[redacted:card]"},
	{"a card with dots", "a 4111.1111.1111.1111 b", "a [redacted:card] b"},
	{"at the end of a sentence", "4111.1111.1111.1111.",
	 "[redacted:card]."},
	{"with underscores", "a 4111_1111_1111_1111", "a [redacted:card]"},
	{"with tabs", "a\t4111\t1111\t1111\t1111\tb",
	 "a\t[redacted:card]\tb"},
	{"with slashes", "3782/822463/10005", "[redacted:card]"},
	{"with bars", "|4111|1111|1111|1111|", "|[redacted:card]|"},
	{"with stars", "4111*1111*1111*1111", "[redacted:card]"},
	{"with encoded tabs", "4111%091111%091111%091111", "[redacted:card]"},
	{"with escaped tabs", "4111\\t1111\\t1111\\t1111",
	 "[redacted:card]"},
	{"with different separators", "4111.1111/1111.1111",
	 "4111.1111/1111.1111"},
	{"two tabs", "4111\t\t1111\t1111\t1111",
	 "4111\t\t1111\t1111\t1111"},
	{"other groups", "41111.1111.1111.111", "41111.1111.1111.111"},
	{"more groups", "4111.1111.1111.1111.1111",
	 "4111.1111.1111.1111.1111"},
	{"a list", "[4111,1111,1111,1111]", "[4111,1111,1111,1111]"},
	{"a card in a path", "/u/4111111111111111/1",
	 "/u/[redacted:card]/1"},
	{"a decimal number", "4111111111111111.5 4.111111111111111",
	 "4111111111111111.5 4.111111111111111"},
	/* cards */
	{"Visa", "a 4111111111111111 b", "a [redacted:card] b"},
	{"Visa, 13 digits", "4222222222222", "[redacted:card]"},
	{"Visa, 19 digits", "4917610000000000003", "[redacted:card]"},
	{"Mastercard", "5555555555554444", "[redacted:card]"},
	{"Mastercard, 2 series", "2223003122003222", "[redacted:card]"},
	{"American Express", "378282246310005", "[redacted:card]"},
	{"Diners Club", "30569309025904", "[redacted:card]"},
	{"Discover", "6011111111111117", "[redacted:card]"},
	{"JCB", "3530111333300000", "[redacted:card]"},
	{"UnionPay", "6200000000000005", "[redacted:card]"},
	{"Maestro", "6759649826438453", "[redacted:card]"},
	{"blanks", "card 4111 1111 1111 1111, exp", "card [redacted:card], exp"},
	{"hyphens", "4111-1111-1111-1111", "[redacted:card]"},
	{"4-6-5", "3782 822463 10005.", "[redacted:card]."},
	{"a code after it", "4111 1111 1111 1111 123", "[redacted:card] 123"},
	{"a number before it", "12 4111 1111 1111 1111", "12 [redacted:card]"},
	{"a number and a blank before it", "1234 4111111111111111", "1234 [redacted:card]"},
	{"a sentence", "It is 4111111111111111.", "It is [redacted:card]."},
	{"a slash", "4111111111111111/12/27", "[redacted:card]/12/27"},
	{"after a word", "card:4111111111111111;x", "card:[redacted:card];x"},
	{"after a hyphen", "card-4111111111111111", "card-[redacted:card]"},
	{"percent-encoded", "a%34111111111111%311 b", "a%34111111111111%311 b"},
	{"percent-encoded alone", "=%34111111111111%3111 b", "=[redacted:card] b"},
	{"encoded twice", "=%2534111111111111%253111", "=[redacted:card]"},
	{"encoded blanks", "=4111%201111+1111%2B1111", "=[redacted:card]"},
	{"in a pattern", "LIKE '%4111111111111111%' '%5555-5555-5555-4444%' '%2223003122003222%'", "LIKE '%[redacted:card]%' '%[redacted:card]%' '%[redacted:card]%'"},
	{"an encoded pattern", "a=%254111111111111111%25", "a=%25[redacted:card]%25"},
	{"after an encoded delimiter", "%2223003122003222&%224111111111111111%22", "%2223003122003222&%22[redacted:card]%22"},
	{"other classes in a pattern", "'%DE89370400440532013000%' '%123-45-6789%'", "'%[redacted:iban]%' '%[redacted:ssn]%'"},
	{"an entity in an encoded byte", "%&#50;24111111111111111 %2&#x30;4111111111111111", "%&#50;2[redacted:card] %2&#x30;[redacted:card]"},
	{"an entity in an escape", "\\u00&#50;04111111111111111 \\&#117;00204111111111111111", "\\u00&#50;0[redacted:card] \\&#117;0020[redacted:card]"},
	{"a named entity without ';'", "&quot4111111111111111&quot &nbsp" KEY " &lt" JWT "<", "&quot[redacted:card]&quot &nbsp[redacted:aws-key] &lt[redacted:jwt]<"},
	{"after %uXXXX", "a=%u0020 b=%u00224111111111111111%u0022", "a=%u0020 b=%u0022[redacted:card]%u0022"},
	{"of %uXXXX", "a=%u0034%u00311111111%u0031111111&b", "a=[redacted:card]&b"},
	{"%uXXXX in another encoding", "a=%25u0034111%U00311111111%5cu002511111&b=%%7500341111111111111111", "a=%25u0034111%U00311111111%5cu002511111&b=%%7500341111111111111111"},
	{"after %u", "a=%u4111111111111111&b=%U5555-5555-5555-4444 %25u4111111111111111% %uDE89370400440532013000", "a=%u[redacted:card]&b=%U[redacted:card] %25u[redacted:card]% %u[redacted:iban]"},
	{"no value after %u", "a=%u4111111111111112 %u411111111111111123 %u00314111111111111111", "a=%u4111111111111112 %u411111111111111123 %u00314111111111111111"},
	{"an address with %u0040", "a=bob%u0040example.com", "a=[redacted:email]"},
	{"no %uXXXX", "a=%user 4111111111111111 %u00g 4111111111111111", "a=%user [redacted:card] %u00g [redacted:card]"},
	{"escaped", "\"\\u0034111\\u003111111111111\"", "\"[redacted:card]\""},
	{"escaped in a string", "\"\\\\u0034111\\\\\\u003111111111111\"", "\"[redacted:card]\""},
	{"after an escaped line end", "\"a\\n4111111111111111\"", "\"a\\n[redacted:card]\""},
	{"after an escaped slash", "\"\\/4111111111111111\\/\"", "\"\\/[redacted:card]\\/\""},
	{"entities", "<a>&#52;111111111111&#x31;1&#49;</a>", "<a>[redacted:card]</a>"},
	{"no-break spaces", "4111\xc2\xa0" "1111\xe2\x80\xaf" "1111&nbsp;1111", "[redacted:card]"},
	{"non-breaking hyphens", "4111\xe2\x80\x91" "1111\\u20111111\\u20101111", "[redacted:card]"},
	{"aligned", "4111  1111   1111 1111 4111         1111 1111 1111", "[redacted:card] 4111         1111 1111 1111"},
	{"a folded field line", "a 4111 1111   1111 1111", "a [redacted:card]"},
	{"track 1", "%B4111111111111111^DOE/JOHN^2512101?", "%B[redacted:card]^DOE/JOHN^2512101?"},
	{"track 1, encoded", "t=%25B4111111111111111%5EDOE&b", "t=%25B[redacted:card]%5EDOE&b"},
	{"an encoded byte", "=caf%E94111111111111111^ =%C2%B04111111111111111^", "=caf%E9[redacted:card]^ =%C2%B0[redacted:card]^"},
	{"track 2", ";4111111111111111=25121010?", ";[redacted:card]=25121010?"},
	{"entities without ';'", "<a>&#52111111111111&#x31 &#x34&#x31&#x31111111111111&#49</a>", "<a>&#52111111111111&#x31 &#x34&#x31&#x31111111111111&#49</a>"},
	{"entities without ';', all", "\"&#52&#49&#49&#49&#49&#x31&#49&#49&#49&#49&#49&#x31&#49&#49&#49&#49\"", "\"[redacted:card]\""},
	{"entities without ';', at the end", "&#52&#49&#49&#49&#49&#x31&#49&#49&#49&#49&#49&#x31&#49&#49&#49&#49", "[redacted:card]"},
	{"JavaScript", "'\\u{34}111\\u{000031}11111111111' '\\u{34 \\u{}4111111111111111'", "'[redacted:card]' '\\u{34 \\u{}[redacted:card]'"},
	{"two", "4111111111111111 5555555555554444", "[redacted:card] [redacted:card]"},
	{"wrong check digit", "4111111111111112", "4111111111111112"},
	{"unknown issuer", "9111111111111119", "9111111111111119"},
	{"longer", "41111111111111110000", "41111111111111110000"},
	{"within letters", "x4111111111111111 4111111111111111y", "x4111111111111111 4111111111111111y"},
	{"decimal", "0.4111111111111111 4111111111111111.5", "0.4111111111111111 4111111111111111.5"},
	{"a longer number in groups", "1234-4111-1111-1111-1111", "1234-4111-1111-1111-1111"},
	{"other groups", "411-11111-11111111", "411-11111-11111111"},
	{"mixed separators", "4111-1111 1111-1111", "4111-1111 1111-1111"},
	/* IBAN */
	{"Germany", "DE89370400440532013000", "[redacted:iban]"},
	{"in groups", "to DE89 3704 0044 0532 0130 00 now", "to [redacted:iban] now"},
	{"aligned", "DE89  3704  0044 0532 0130   00", "[redacted:iban]"},
	{"with letters", "GB29NWBK60161331926819", "[redacted:iban]"},
	{"in lower case", "gb29nwbk60161331926819", "[redacted:iban]"},
	{"Norway", "NO9386011117947", "[redacted:iban]"},
	{"Malta", "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "[redacted:iban]"},
	{"groups that are a card's", "PL61 1090 1014 0000 0712 1981 2874", "[redacted:iban]"},
	{"two", "DE89370400440532013000,FR1420041010050500013M02606", "[redacted:iban],[redacted:iban]"},
	{"a country code before it", "DE12 GB29 NWBK 6016 1331 9268 19", "DE12 [redacted:iban]"},
	{"escaped", "\\u0044\\u0045\\u003889370400440532013000", "\\u0044\\u0045\\u003889370400440532013000"},
	{"check digits that are not used", "DE00370400440532013050", "DE00370400440532013050"},
	{"check digits that are not used", "DE01370400440532013032", "DE01370400440532013032"},
	{"check digits that are not used", "DE99370400440532013014", "DE99370400440532013014"},
	{"escaped", "\\u0044E\\u0038\\u0039370400440532013000", "[redacted:iban]"},
	{"UUIDs", "cf0b5692-de89-3704-8004-405320130000 483e-411111111111 ec76ed81-7702-483e-4111-111111111111", "cf0b5692-de89-3704-8004-405320130000 483e-411111111111 ec76ed81-7702-483e-4111-111111111111"},
	{"with hyphens", "DE89-3704-0044-0532-0130-00", "[redacted:iban]"},
	{"other groups", "DE89 37040044 0532 0130 00 DE89-370400440532013000 DE89-3704 0044 0532 0130 00 DE89--3704-0044-0532-0130-00", "DE89 37040044 0532 0130 00 DE89-370400440532013000 DE89-3704 0044 0532 0130 00 DE89--3704-0044-0532-0130-00"},
	{"percent-encoded", "%44%4589+3704%200044+0532+0130+00", "[redacted:iban]"},
	{"wrong check digits", "DE88370400440532013000", "DE88370400440532013000"},
	{"wrong length", "DE8937040044053201300", "DE8937040044053201300"},
	{"letters where digits belong", "DE8937040044053201300A", "DE8937040044053201300A"},
	{"unknown country", "US89370400440532013000", "US89370400440532013000"},
	{"within a word", "xDE89370400440532013000", "xDE89370400440532013000"},
	/* SSN */
	{"SSN", "is 123-45-6789,", "is [redacted:ssn],"},
	{"after a name", "{\"ssn\":\"123456789\"}", "{\"ssn\":\"[redacted:ssn]\"}"},
	{"after a name, blanks", "SSN: 123 45 6789", "SSN: [redacted:ssn]"},
	{"after a long name", "Social Security Number is 123456789", "Social Security Number is [redacted:ssn]"},
	{"in an element", "<ssn>123456789</ssn>", "<ssn>[redacted:ssn]</ssn>"},
	{"in a form", "a=1&user%5Bssn%5D=123456789&b=2", "a=1&user%5Bssn%5D=[redacted:ssn]&b=2"},
	{"without a name", "123456789 and 123 45 6789", "123456789 and 123 45 6789"},
	{"of another name", "{\"ssn\":null,\"phone\":\"123456789\"}", "{\"ssn\":null,\"phone\":\"123456789\"}"},
	{"area 000", "000-45-6789", "000-45-6789"},
	{"area 666", "666-45-6789", "666-45-6789"},
	{"area 900", "912-45-6789", "912-45-6789"},
	{"group 00", "123-00-6789", "123-00-6789"},
	{"serial number 0000", "123-45-0000", "123-45-0000"},
	{"longer", "123-45-67890 0123-45-6789 1-123-45-6789 123-45-6789-1", "123-45-67890 0123-45-6789 1-123-45-6789 123-45-6789-1"},
	/* JWT */
	{"JWT", "Bearer " JWT " x", "Bearer [redacted:jwt] x"},
	{"without a signature", HEADER "." CLAIMS ".", "[redacted:jwt]"},
	{"at the end of a sentence", "It is " JWT ".", "It is [redacted:jwt]."},
	{"JWE", HEADER ".." CLAIMS "." CLAIMS ".ab_c-", "[redacted:jwt]"},
	{"a blank in the header", "eyAiYWxnIiA6ICJub25lIiB9.e30.x", "[redacted:jwt]"},
	{"a line end in the header", "ewoiYWxnIjoiSFMyNTYifQ.e30.x", "[redacted:jwt]"},
	{"an encoded dot", HEADER "%2E" CLAIMS "\\u002edoz", "[redacted:jwt]"},
	{"two parts", HEADER "." CLAIMS, HEADER "." CLAIMS},
	{"no alg", "eyJ0eXAiOiJKV1QifQ.e30.x", "eyJ0eXAiOiJKV1QifQ.e30.x"},
	{"alg within another member", "eyJhIjp7ImFsZyI6MX19.e30.x", "eyJhIjp7ImFsZyI6MX19.e30.x"},
	{"no JSON", "eyJhbGciOiJIUzI1NiIs.e30.x", "eyJhbGciOiJIUzI1NiIs.e30.x"},
	/* AWS */
	{"key id", "id=" KEY "&x", "id=[redacted:aws-key]&x"},
	{"of a role", "\"ASIAIOSFODNN7EXAMPLE\"", "\"[redacted:aws-key]\""},
	{"in a credential", "Credential=" KEY "/20260101/us-east-1", "Credential=[redacted:aws-key]/20260101/us-east-1"},
	{"key id and secret", KEY "," SECRET "\n", "[redacted:aws-key],[redacted:aws-key]\n"},
	{"secret and key id", "user," SECRET "," KEY, "user,[redacted:aws-key],[redacted:aws-key]"},
	{"a named secret", "{\"SecretAccessKey\": \"" SECRET "\"}", "{\"SecretAccessKey\": \"[redacted:aws-key]\"}"},
	{"an escaped secret", "{\"secret\":\"wJalrXUtnFEMI\\/K7MDENG\\/bPxRfiCYEXAMPLEKEY\"}", "{\"secret\":\"[redacted:aws-key]\"}"},
	{"an encoded secret", "aws_secret_access_key=wJalrXUtnFEMI%2FK7MDENG%2FbPxRfiCYEXAMPLEKEY&b", "aws_secret_access_key=[redacted:aws-key]&b"},
	{"40 characters alone", SECRET, SECRET},
	{"a longer id", KEY "1 x" KEY " " KEY "a", KEY "1 x" KEY " " KEY "a"},
	{"a hash after a key id", KEY " da39a3ee5e6b4b0d3255bfef95601890afd80709", "[redacted:aws-key] da39a3ee5e6b4b0d3255bfef95601890afd80709"},
	/* email */
	{"address", "to john.doe+x@mail.example.com, please", "to [redacted:email], please"},
	{"at the end of a sentence", "Ask a@example.com.", "Ask [redacted:email]."},
	{"in brackets", "A <a@example.com>", "A <[redacted:email]>"},
	{"escaped brackets", "\"A \\u003ca@example.com\\u003e\"", "\"A \\u003c[redacted:email]\\u003e\""},
	{"an encoded '@'", "email=a%40example.com&b", "email=[redacted:email]&b"},
	{"all encoded", "email%3Da%2540example%2Ecom%26b", "email%3D[redacted:email]%26b"},
	{"an entity", "a&#64;example&#x2e;com a&commat;example.com", "[redacted:email] [redacted:email]"},
	{"an A-label", "a@b.xn--p1ai!", "[redacted:email]!"},
	{"another script", "j\xc3\xb6@b\xc3\xbc" "cher.de", "[redacted:email]"},
	{"mailto", "mailto:a@example.com?x", "mailto:[redacted:email]?x"},
	{"digits as the local part", "4111111111111111@example.com", "[redacted:email]"},
	{"after an escaped line end", "\"x\\na@example.com\"", "\"x\\n[redacted:email]\""},
	{"no domain", "a@b a@1.2.3.4 @example.com a@ b@.com", "a@b a@1.2.3.4 @example.com a@ b@.com"},
	{"a version", "lodash@4.17.21", "lodash@4.17.21"},
	{"an image", "logo@2x.png", "logo@2x.png"},
	/* numbers in JSON */
	{"a member", "{\"card\":4111111111111111}", "{\"card\":\"[redacted:card]\"}"},
	{"a member, blanks", "{\"a\" : 4111111111111111 , \"b\":1}", "{\"a\" : \"[redacted:card]\" , \"b\":1}"},
	{"a negative number", "{\"a\":-4111111111111111}", "{\"a\":\"[redacted:card]\"}"},
	{"an array", "[1,4111111111111111, 5555555555554444 ]", "[1,\"[redacted:card]\", \"[redacted:card]\" ]"},
	{"in a string", "{\"a\":\"{\\\"b\\\":4111111111111111}\"}", "{\"a\":\"{\\\"b\\\":\\\"[redacted:card]\\\"}\"}"},
	{"in a string of a string", "{\"a\":\"{\\\"b\\\":\\\"{\\\\\\\"c\\\\\\\":4111111111111111}\\\"}\"}", "{\"a\":\"{\\\"b\\\":\\\"{\\\\\\\"c\\\\\\\":\\\\\\\"[redacted:card]\\\\\\\"}\\\"}\"}"},
	{"an array in a string", "{\"a\":\"[4111111111111111]\"}", "{\"a\":\"[\\\"[redacted:card]\\\"]\"}"},
	{"an array in a string of a string", "{\"a\":\"{\\\"b\\\":\\\"[1,4111111111111111]\\\"}\"}", "{\"a\":\"{\\\"b\\\":\\\"[1,\\\\\\\"[redacted:card]\\\\\\\"]\\\"}\"}"},
	{"escaped line ends around it", "{\"a\":\"{\\n \\\"b\\\":\\n -4111111111111111\\n}\"}", "{\"a\":\"{\\n \\\"b\\\":\\n \\\"[redacted:card]\\\"\\n}\"}"},
	{"prose in a string", "{\"a\":\"no: 4111111111111111, 12\"}", "{\"a\":\"no: [redacted:card], 12\"}"},
	{"in a form", "a=%7B%22b%22%3A4111111111111111%7D&c=2", "a=%7B%22b%22%3A%22[redacted:card]%22%7D&c=2"},
	{"a name", "{\"4111111111111111\":1}", "{\"[redacted:card]\":1}"},
	{"a timestamp", "{\"at\":1700000000000,\"ns\":1700000000000000000}", "{\"at\":1700000000000,\"ns\":1700000000000000000}"},
	/* neither */
	{"UUID", "550e8400-e29b-41d4-a716-446655440000 41111111-1111-1111-1111-111111111111", "550e8400-e29b-41d4-a716-446655440000 41111111-1111-1111-1111-111111111111"},
	{"dates", "2026-01-02T03:04:05.123456Z 20260102030405", "2026-01-02T03:04:05.123456Z 20260102030405"},
};
/* clang-format on */

static void collect(void *buf, const void *p, size_t n)
{
	buf_add(buf, p, n);
}

/* Masks a text; the caller frees the result. */
static char *mask(unsigned int classes, const uint8_t *p, size_t n, bool cut)
{
	/* In memory of its own, so that sanitizers report reads beyond it. */
	uint8_t *copy = malloc(n + !n);
	struct class_set set;
	struct class_mask m;
	struct buf out = {0};

	assert_non_null(copy);
	memcpy(copy, p, n);
	class_set_init(&set, classes);
	class_mask_begin(&m, &set, copy, n, cut, NULL, 0);
	m.json = n && (*p == '{' || *p == '[');
	class_mask_all(&m, collect, &out);
	buf_add(&out, "", 1);
	free(copy);
	return (char *)out.p;
}

static void test_texts(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct masked_text *t = &texts[i];
		char *got = mask(ALL, (const uint8_t *)t->text, strlen(t->text),
				 false);

		if (strcmp(got, t->masked) != 0) {
			print_error("%s: %s: %s\n", t->what, t->text, got);
			failed++;
		}
		free(got);
	}
	assert_int_equal(failed, 0);
}

/* Every value is masked, too, if the text ends within it and may have been cut. */
static void test_cut(void **state)
{
	static const struct masked_text cut[] = {
		{"card", "no 411111111111111", "no [redacted:card]"},
		{"card in groups", "no 4111 1111 11", "no [redacted:card]"},
		{"too short", "no 411111", "no 411111"},
		{"iban", "DE89 3704 0044", "[redacted:iban]"},
		{"ssn", "123-45-67", "[redacted:ssn]"},
		{"jwt",
		 HEADER "."
			"eyJzd",
		 "[redacted:jwt]"},
		{"aws-key", "AKIAIOSFODNN7", "[redacted:aws-key]"},
		{"secret", "secret=wJalrXUtnFEMI/K7MDENG/bPxR",
		 "secret=[redacted:aws-key]"},
		{"a little of a secret", "secret=wJalrXUt",
		 "secret=[redacted:aws-key]"},
		{"the head of a token", "eyJhbGciOiJI", "[redacted:jwt]"},
		{"a little of a token", "eyJhbGc", "eyJhbGc"},
		{"a word like a token", "eyebrows", "eyebrows"},
		{"email", "a john.doe@exam", "a [redacted:email]"},
		{"an address after its name", "{\"email\":\"john.do",
		 "{\"email\":\"[redacted:email]"},
		{"in a form", "a=1&user%5Bmail%5D=jo",
		 "a=1&user%5Bmail%5D=[redacted:email]"},
		{"after a scheme", "<mailto:john", "<mailto:[redacted:email]"},
		{"in an element", "<EmailAddress>john",
		 "<EmailAddress>[redacted:email]"},
		{"a name alone", "{\"email", "{\"email"},
		{"a word", "your mail from john", "your mail from john"},
		{"within an encoded blank", "4111%201111%2",
		 "[redacted:card]%2"},
		{"within an escape", "DE89\\u00203704\\u00200044\\u00",
		 "[redacted:iban]\\u00"},
		{"within an entity", "a&#64;example&#4", "[redacted:email]&#4"},
		{"date", "2026-01-02", "2026-01-02"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		const size_t n = strlen(cut[i].text);
		const uint8_t *p = (const uint8_t *)cut[i].text;
		char *got = mask(ALL, p, n, true);

		assert_string_equal(got, cut[i].masked);
		free(got);
	}
}

/* Only the given classes. */
static void test_chosen(void **state)
{
	static const char text[] =
		"4111111111111111 DE89370400440532013000 123-45-6789 " JWT
		" " KEY " a@example.com";
	unsigned int class;
	char name[32], *got;

	(void)state;
	for (class = 0; class < N_CLASSES; class ++) {
		got = mask(1u << class, (const uint8_t *)text, strlen(text),
			   false);
		snprintf(name, sizeof(name), "[redacted:%s]",
			 class_name(class));
		assert_non_null(strstr(got, name));
		*strstr(got, name) = '\0';
		assert_null(strstr(got + strlen(got) + 1, "[redacted"));
		assert_null(strstr(got, "[redacted"));
		free(got);
	}
	got = mask(0, (const uint8_t *)text, strlen(text), false);
	assert_string_equal(got, text);
	free(got);
}

/* --- random texts --------------------------------------------------------- */

/* Digits, dates, ids, hashes and phone numbers: what is masked passes the check. */
static void add_random(char *to, size_t size)
{
	char hex[65];
	unsigned int i, n, r[8];

	for (i = 0; i < 8; i++)
		r[i] = nest_pick(1u << 31);
	for (i = 0; i < 64; i++)
		hex[i] = "0123456789abcdef"[nest_pick(16)];
	hex[64] = '\0';
	n = 1 + r[0] % 30;
	switch (nest_pick(12)) {
	case 0: /* digits */
		for (i = 0; i < n; i++)
			to[i] = (char)('0' + nest_pick(10));
		to[n] = '\0';
		return;
	case 1:
		snprintf(to, size, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ",
			 1900 + r[1] % 200, 1 + r[2] % 12, 1 + r[3] % 28,
			 r[4] % 24, r[5] % 60, r[6] % 60, r[7] % 1000000);
		return;
	case 2:
		snprintf(to, size, "%04u%02u%02u%02u%02u%02u",
			 1900 + r[1] % 200, 1 + r[2] % 12, 1 + r[3] % 28,
			 r[4] % 24, r[5] % 60, r[6] % 60);
		return;
	case 3: /* UUID */
		snprintf(to, size, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
			 hex + 12, hex + 16, hex + 20);
		return;
	case 4: /* hashes */
		snprintf(to, size, "%.*s", 32 + 8 * (int)(r[1] % 5), hex);
		return;
	case 5:
		snprintf(to, size, "+1 (%03u) %03u-%04u", r[1] % 1000,
			 r[2] % 1000, r[3] % 10000);
		return;
	case 6:
		snprintf(to, size, "%03u-%03u-%04u", r[1] % 1000, r[2] % 1000,
			 r[3] % 10000);
		return;
	case 7:
		snprintf(to, size, "+%02u %03u %03u %02u %02u", r[1] % 100,
			 r[2] % 1000, r[3] % 1000, r[4] % 100, r[5] % 100);
		return;
	case 8:
		snprintf(to, size, "%c%c%u", 'A' + r[1] % 26, 'A' + r[2] % 26,
			 r[3]);
		return;
	case 9: /* decimal numbers */
		snprintf(to, size, "%u.%u%u", r[1], r[2], r[3]);
		return;
	case 10:
		snprintf(to, size, "%u%06u", r[1], r[2] % 1000000);
		return;
	default:
		snprintf(to, size, "ord_%u-%u-%u", r[1], r[2], r[3]);
	}
}

/* Independent of the code tested: the check digit of ISO/IEC 7812. */
static bool is_luhn(const char *p)
{
	unsigned int sum = 0, n = 0;

	for (size_t i = strlen(p); i--;) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		sum += n++ % 2 ? (p[i] - '0') * 2 / 10 + (p[i] - '0') * 2 % 10
			       : p[i] - '0';
	}
	return n >= 13 && n <= 19 && sum % 10 == 0;
}

static void test_random(void **state)
{
	unsigned int i, masked = 0;
	char text[100], *got;

	(void)state;
	for (i = 0; i < 20000; i++) {
		add_random(text, sizeof(text));
		got = mask(ALL, (const uint8_t *)text, strlen(text), false);
		if (!strcmp(got, "[redacted:card]") && is_luhn(text))
			masked++;
		else if (strcmp(got, text) != 0)
			fail_msg("%s: %s", text, got);
		free(got);
	}
	/* Some pass. */
	assert_in_range(masked, 1, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
