/* SPDX-License-Identifier: MIT */
#include "http_table.h"

const struct row http_rows_odd[] =
	{
		{"TE over CL",
		 {C("POST / HTTP/1.1\r\nContent-Length: 4\r\n"
		    "Transfer-Encoding: chunked\r\n"
		    "\r\n1\r\nZ\r\n0\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Content-Length: 4] [Transfer-Encoding: chunked] body=1/1:Z => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !smuggling\n"},
		{"TE in HTTP/1.0",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n1\r\nZ\r\n0\r\n\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.0 [Transfer-Encoding: chunked] body=1/1:Z !smuggling\n"},
		{"several TE",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "Transfer-Encoding: identity\r\n"
		    "\r\n1\r\nZ\r\n0\r\n\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] [Transfer-Encoding: identity] body=1/1:Z !malformed\n"},
		{"folded TE",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n"
		    " \r\n chunked\r\n\r\n1\r\n"
		    "Z\r\n0\r\n\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] body=1/1:Z !malformed\n"},
		{"xchunked that is chunked",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n"
		    "\r\n1\r\nZ\r\n0\r\n\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: xchunked] body=1/1:Z !malformed\n"},
		{"xchunked that is not",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n"
		    "\r\nto the end")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: xchunked] body=10/10:to the end !malformed\n"},
		{"unknown TE",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: cow\r\n"
		    "Content-Length: 3\r\n\r\n"
		    "to the end")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: cow] [Content-Length: 3] body=10/10:to the end !malformed !smuggling\n"},
		{"chunked that is not, with a length",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "Content-Length: 3\r\n\r\n"
		    "xyz"),
		  C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] [Content-Length: 3] body=3/3:xyz !malformed !smuggling\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"equal lengths",
		 {C("POST / HTTP/1.1\r\nContent-Length: 3\r\n"
		    "Content-Length: 3\r\n\r\n"
		    "abc"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Content-Length: 3] [Content-Length: 3] body=3/3:abc => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"list of equal lengths",
		 {C("POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n"
		    "\r\nabc"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Content-Length: 3, 3] body=3/3:abc => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"a length with a word behind it",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2 A\r\n"
		    "\r\nokXX")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2 A] body=2/2:ok !malformed\n"},
		{"two numbers in one length: neither",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 4\r\n"
		    "\r\nokXX")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2   4] body=4/4:okXX !malformed\n"},
		{"different lengths: the first",
		 {C("POST / HTTP/1.1\r\nContent-Length: 3\r\n"
		    "Content-Length: 4\r\n\r\n"
		    "abc"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Content-Length: 3] [Content-Length: 4] body=3/3:abc => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed !smuggling\n"},
		{"length with plus",
		 {C("POST / HTTP/1.1\r\nContent-Length: +3\r\n"
		    "\r\nabc"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Content-Length: +3] body=3/3:abc => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"},
		{"length with leading zeros",
		 {C("POST / HTTP/1.1\r\nContent-Length: 0003\r\n"
		    "\r\nabc"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Content-Length: 0003] body=3/3:abc => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"negative length",
		 {C("GET / HTTP/1.1\r\nContent-Length: -3\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 [Content-Length: -3] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"},
		{"length too large for 64 bits",
		 {C("GET / HTTP/1.1\r\nContent-Length: 18446744073709551617\r\n\r\nGET /2 HTTP/1.1\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nokHTTP/1.1 200 OK\r\n"
		    "Content-Length: 2\r\n\r\n"
		    "ok")},
		 "GET / host= path=/ query= 1.1 [Content-Length: 18446744073709551617] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"
		 "GET /2 host= path=/2 query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"no number as length",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: three\r\n"
		    "\r\nto the end")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: three] body=10/10:to the end !malformed\n"},
		{"LF only",
		 {C("GET / HTTP/1.1\nHost: h\n"
		    "\n"),
		  S("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n"
		    "\n1\nZ\n0\n\n")},
		 "GET / host=h path=/ query= 1.1 [Host: h] body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] body=1/1:Z\n"},
		{"CR only",
		 {C("GET / HTTP/1.1\rHost: h\r\r"),
		  S("HTTP/1.1 200 OK\rContent-Length: 2\r\rok")},
		 "GET / host=h path=/ query= 1.1 [Host: h] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed !closed-early\n"},
		{"empty lines before",
		 {C("\r\n\n\r\nGET / HTTP/1.1\r\n"
		    "\r\n\r\n"),
		  S("\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok"),
		  C("\r\nGET /2 HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"
		 "GET /2 host= path=/2 query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"obs-fold",
		 {C("GET / HTTP/1.1\r\nA: b\r\n"
		    "\tc\r\n  d\r\nE: f\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 [A: b  \\x09c    d] [E: f] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"},
		{"fold of nothing",
		 {C("GET / HTTP/1.1\r\n x\r\nE: f\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 [E: f] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"},
		{"blanks around",
		 {C(" GET  /  HTTP/1.1 \r\nA :  b  \r\n"
		    "B:\tc\t\r\nC:\r\n\r\n"),
		  S("HTTP/1.1  200  OK\r\nContent-Length : 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 [A: b] [B: c] [C: ] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"},
		{"bytes in target and value",
		 {C("GET /\xc3\xa9 HTTP/1.1\r\n"
		    "A: \xff\x01\x00"
		    "b\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET /\\xc3\\xa9 host= path=/\\xc3\\xa9 query= 1.1 [A: \\xff\\x01\\x00b] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"},
		{"blank in target",
		 {C("GET /a b HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET /a host= path=/a query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"},
		{"lower-case and unknown methods",
		 {C("get / HTTP/1.1\r\n\r\nFROB /x HTTP/1.1\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nokHTTP/1.1 200 OK\r\n"
		    "Content-Length: 2\r\n\r\n"
		    "ok")},
		 "get / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"
		 "FROB /x host= path=/x query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"odd fields",
		 {C("GET / HTTP/1.1\r\nno colon\r\n"
		    ": empty\r\na b: c\r\nD: e\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 [: empty] [a b: c] [D: e] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !malformed\n"},
		{"odd versions",
		 {C("GET / HTTP/1.2\r\n\r\nGET / HTTP/3.7\r\n"
		    "\r\nGET / http/1.1\r\n\r\n"),
		  S("HTTP/1.10 200 OK\r\nContent-Length: 0\r\n"
		    "\r\nhttp/1.0 200 OK\r\nContent-Length: 0\r\n"
		    "\r\nHTTP/2.0 200 OK\r\nContent-Length: 0\r\n"
		    "\r\n")},
		 "GET / host= path=/ query= 1.2 body=0/0: => 200 reason=OK 1.1 [Content-Length: 0] body=0/0: !malformed\n"
		 "GET / host= path=/ query= 3.7 body=0/0: => 200 reason=OK 1.0 [Content-Length: 0] body=0/0: !malformed\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 2.0 [Content-Length: 0] body=0/0: !malformed\n"},
		{"odd statuses",
		 {C("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n"
		    "\r\nGET / HTTP/1.1\r\n\r\n"
		    "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n"
		    "\r\n"),
		  S("HTTP/1.1 099 Low\r\nContent-Length: 0\r\n"
		    "\r\nHTTP/1.1 1000 High\r\n"
		    "Content-Length: 0\r\n\r\n"
		    "HTTP/1.1 999\r\nContent-Length: 0\r\n"
		    "\r\nICY 200 OK\r\nContent-Length: 0\r\n"
		    "\r\nHTTP/1.1\r\nContent-Length: 0\r\n"
		    "\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 99 reason=Low 1.1 [Content-Length: 0] body=0/0: !malformed\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 100 reason=High 1.1 [Content-Length: 0] body=0/0: !malformed\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 999 reason= 1.1 [Content-Length: 0] body=0/0: !malformed\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.0 [Content-Length: 0] body=0/0: !malformed\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason= 1.1 [Content-Length: 0] body=0/0: !malformed\n"},
		{"chunk sizes with blanks and junk",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n 3 \r\nabc\r\n\t2x\r\n"
		    "de\r\n0 ; x\r\n\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] body=5/5:abcde !malformed\n"},
		{"chunk size too large",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\nfffffffffffffffff\r\n"
		    "abc")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] body=3/3:abc !malformed !closed-early\n"},
		{"no chunk size amid the body",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n3\r\nabc\r\n-1\r\nx\r\n"
		    "0\r\n\r\n"),
		  C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] body=3/3:abc !malformed\nGET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"chunk without its line end",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n3\r\nabc2\r\nde\r\n0\r\n"
		    "\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] body=5/5:abcde !malformed\n"},
		{"last line end missing",
		 {C("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n3\r\nabc\r\n0\r\nHTTP/1.1 200 OK\r\n"
		    "Content-Length: 2\r\n\r\n"
		    "ok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] body=3/3:abc !malformed\nGET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"last line end missing, end of stream",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n3\r\nabc\r\n0")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] body=3/3:abc !malformed\n"},
		{"last chunk missing",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n3\r\nabc\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] body=3/3:abc !closed-early\n"},
		{"closed in the body",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n"
		    "\r\nabc")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 9] body=3/3:abc !closed-early\n"},
		{"closed in the request",
		 {C("POST / HTTP/1.1\r\nContent-Length: 9\r\n"
		    "\r\nabc")},
		 "POST / host= path=/ query= 1.1 [Content-Length: 9] body=3/3:abc => - !no-response !closed-early\n"},
		{"closed in the head",
		 {C("GET / HTTP/1.1\r\n\r\n"), S("HTTP/1.1 200 OK\r\nA: b\r\n"
						 "C: d")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [A: b] [C: d] body=0/0: !closed-early\n"},
		{"no line end at all",
		 {C("GET / HTTP/1.0")},
		 "GET / host= path=/ query= 1.0 body=0/0: => - !no-response !closed-early\n"},
		{"no answer",
		 {C("GET / HTTP/1.1\r\n\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => - !no-response\n"},
		{"an answer to nothing",
		 {S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "- => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !no-request\n"},
		{"junk after a body",
		 {C("POST / HTTP/1.1\r\nContent-Length: 1\r\n"
		    "\r\nabc\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok"),
		  C("GET /2 HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Content-Length: 1] body=1/1:a => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\nGET /2 host= path=/2 query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"a line of junk before the status line",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("SIP/2.0 200 OK\r\nHTTP/1.1 200 OK\r\n"
		    "Content-Length: 2\r\n\r\n"
		    "ok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"the wrong way round",
		 {S("GET / HTTP/1.1\r\n\r\n"),
		  C("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"a blank line that ends the head",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\nContent-Length: 3\n"
		    " \nabc"),
		  C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\t\r\n1\r\nZ\r\n0\r\nA: b\n"
		    " \nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 3] body=3/3:abc !malformed\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] +[A: b] body=1/1:Z !malformed\n- => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok !no-request\n"},
		{"obs-fold in a response",
		 {C("GET / HTTP/1.1\r\n\r\n"), S("HTTP/1.1 200 OK\r\nA: b\r\n"
						 " c\r\nContent-Length: 2\r\n"
						 "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [A: b   c] [Content-Length: 2] body=2/2:ok !malformed\n"},
};
const size_t http_n_rows_odd = sizeof(http_rows_odd) / sizeof(http_rows_odd[0]);
