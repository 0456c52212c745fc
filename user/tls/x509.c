/* SPDX-License-Identifier: MIT */
/*
 * Only the syntax is read: signatures are not checked and keys not decoded, as that
 * is slow and has been a source of faults in libraries. A certificate is what a
 * server claims.
 */
#include "tls/x509.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static bool put(struct tls_span *out, struct x509_room *room, const void *p,
		size_t n)
{
	if ((size_t)(room->text_end - room->text) < n)
		return false;
	*out = (struct tls_span){room->text, (uint32_t)n};
	if (n)
		memcpy(room->text, p, n);
	room->text += n;
	return true;
}

static bool put_name(struct tls_span *out, struct x509_room *room,
		     const X509_NAME *name)
{
	/* RFC 4514 but for characters above ASCII, which JSON has. */
	const unsigned long flags =
		XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;
	bool ok;

	if (!bio)
		return false;
	ok = X509_NAME_print_ex(bio, name, 0, flags) >= 0;
	n = BIO_get_mem_data(bio, &text);
	ok = ok && n >= 0 && put(out, room, text, (size_t)n);
	BIO_free(bio);
	return ok;
}

static bool put_serial(struct tls_span *out, struct x509_room *room,
		       const ASN1_INTEGER *serial)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = ASN1_STRING_get0_data(serial);
	size_t n = (size_t)ASN1_STRING_length(serial);
	uint8_t *w = room->text;

	if ((size_t)(room->text_end - w) < 2 * n + 1)
		return false;
	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		*w++ = '-';
	for (size_t i = 0; i < n; i++) {
		*w++ = (uint8_t)digits[p[i] >> 4];
		*w++ = (uint8_t)digits[p[i] & 15];
	}
	*out = (struct tls_span){room->text, (uint32_t)(w - room->text)};
	room->text = w;
	return true;
}

static void put_time(char out[21], const ASN1_TIME *time)
{
	struct tm tm;

	out[0] = '\0';
	if (!time || !ASN1_TIME_to_tm(time, &tm) ||
	    !strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm))
		out[0] = '\0';
}

/* The length of the modulus in RSAPublicKey (RFC 8017 appendix A.1.1). */
static uint32_t rsa_bits(const uint8_t *p, size_t n)
{
	const unsigned char *at = p;
	long len;
	int tag, class;
	uint32_t bits;

	if (ASN1_get_object(&at, &len, &tag, &class, (long)n) & 0x80 ||
	    tag != V_ASN1_SEQUENCE ||
	    ASN1_get_object(&at, &len, &tag, &class, len) & 0x80 ||
	    tag != V_ASN1_INTEGER)
		return 0;
	for (; len && !*at; len--)
		at++;
	if (!len || len > 1 << 16)
		return 0;
	bits = (uint32_t)len * 8;
	for (uint8_t top = *at; !(top & 0x80); top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

static const char *static_name(int nid)
{
	/* Numbers that OpenSSL knows have static names. */
	return nid == NID_undef ? NULL : OBJ_nid2sn(nid);
}

static void read_key(struct certificate *out, const X509 *x)
{
	ASN1_OBJECT *type;
	const unsigned char *key;
	const void *parameter;
	int n, kind;
	X509_ALGOR *algorithm;
	int nid;

	if (!X509_PUBKEY_get0_param(&type, &key, &n, &algorithm,
				    X509_get_X509_PUBKEY(x)))
		return;
	nid = OBJ_obj2nid(type);
	switch (nid) {
	case NID_rsaEncryption:
	case NID_rsassaPss:
		out->key = nid == NID_rsaEncryption ? "RSA" : "RSA-PSS";
		out->key_bits = rsa_bits(key, (size_t)n);
		break;
	case NID_X9_62_id_ecPublicKey:
		out->key = "EC";
		X509_ALGOR_get0(NULL, &kind, &parameter, algorithm);
		if (kind != V_ASN1_OBJECT)
			break; /* explicit parameters */
		nid = OBJ_obj2nid(parameter);
		out->curve = nid == NID_X9_62_prime256v1 ? "secp256r1"
							 : static_name(nid);
		break;
	case NID_dsa:
		out->key = "DSA";
		break;
	case NID_ED25519:
		out->key = "Ed25519";
		break;
	case NID_ED448:
		out->key = "Ed448";
		break;
	default:
		out->key = static_name(nid);
	}
}

/* False: no room. */
static bool put_general_name(struct certificate *out, struct x509_room *room,
			     const GENERAL_NAME *g)
{
	struct cert_name *to = &room->names[out->n_names];
	const ASN1_STRING *s;
	int type;

	out->total_names++;
	if (out->n_names == CERT_NAMES_MAX)
		return true;
	s = GENERAL_NAME_get0_value(g, &type);
	switch (type) {
	case GEN_DNS:
		to->type = CERT_DNS;
		break;
	case GEN_URI:
		to->type = CERT_URI;
		break;
	case GEN_EMAIL:
		to->type = CERT_EMAIL;
		break;
	case GEN_IPADD:
		to->type = CERT_IP;
		if (ASN1_STRING_length(s) != 4 && ASN1_STRING_length(s) != 16)
			return true;
		break;
	default:
		return true;
	}
	if (!put(&to->text, room, ASN1_STRING_get0_data(s),
		 (size_t)ASN1_STRING_length(s)))
		return false;
	out->n_names++;
	return true;
}

static bool put_alternative_names(struct certificate *out,
				  struct x509_room *room, const X509 *x)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool ok = true;

	out->names = room->names;
	for (int i = 0; ok && i < sk_GENERAL_NAME_num(names); i++)
		ok = put_general_name(out, room,
				      sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	return ok;
}

bool x509_read(struct certificate *out, struct x509_room *room,
	       const uint8_t *der, size_t n)
{
	const unsigned char *p = der;
	X509 *x = d2i_X509(NULL, &p, (long)n);
	bool ok = x && p == der + n;

	if (ok) {
		ok = put_name(&out->subject, room, X509_get_subject_name(x)) &&
		     put_name(&out->issuer, room, X509_get_issuer_name(x)) &&
		     put_serial(&out->serial, room,
				X509_get0_serialNumber(x)) &&
		     put_alternative_names(out, room, x);
		put_time(out->not_before, X509_get0_notBefore(x));
		put_time(out->not_after, X509_get0_notAfter(x));
		out->signature = static_name(X509_get_signature_nid(x));
		read_key(out, x);
	}
	X509_free(x);
	ERR_clear_error();
	return ok;
}

void x509_warm_up(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG |
				    OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
			    NULL);
	ERR_clear_error();
}
