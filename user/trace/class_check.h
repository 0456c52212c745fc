/* SPDX-License-Identifier: MIT */
/* Check digits and forms of values whose class can be recognised. Pure functions
 * and small automata, fed with decoded characters. */
#ifndef TRACE_CLASS_CHECK_H
#define TRACE_CLASS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARD_MIN 13
#define CARD_MAX 19

/* A payment card number (ISO/IEC 7812): length and first digits of a known issuer,
 * and the Luhn check digit. digits: values 0 to 9. */
bool check_card(const uint8_t *digits, size_t n);

/* Do these digits, not all of them, begin like a card number? */
bool check_card_issuer(const uint8_t *digits, size_t n);

/* A Social Security number: no area 000, 666 or 900 to 999, no group 00, no serial
 * number 0000 (SSA POMS RM 10201.035). digits: nine values 0 to 9. */
bool check_ssn(const uint8_t *digits);

/* International Bank Account Number (ISO 13616), fed character by character. */
struct check_iban {
	uint8_t len;  /* of this country */
	bool numeric; /* its BBAN has only digits */
	uint8_t n;    /* characters so far */
	uint8_t rest; /* of the BBAN modulo 97 */
	uint8_t country[2], check[2];
};

/* Begins with a country code, in any case. false: no country that has IBANs. */
bool check_iban_begin(struct check_iban *b, uint8_t first, uint8_t second);
/* Adds a letter or digit. false: not an IBAN. */
bool check_iban_add(struct check_iban *b, uint8_t c);
/* Are length and check digits (ISO 7064 MOD 97-10) right? */
bool check_iban_end(const struct check_iban *b);

/* The first part of a JSON Web Token (RFC 7515, RFC 7516): base64url of a JSON
 * object with a member "alg". */
struct check_jose {
	uint16_t bits; /* not yet decoded */
	uint8_t n_bits;
	uint8_t depth; /* of objects and arrays */
	uint8_t alg;   /* characters of the name matched in this string */
	bool begun, in_string, escaped, named, found, bad;
};

void check_jose_add(struct check_jose *j, uint8_t c);
bool check_jose_end(const struct check_jose *j);

#endif
