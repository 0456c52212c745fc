/* SPDX-License-Identifier: MIT */
#include "http_table.h"

const struct row http_rows_plain[] =
	{
		{"plain",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"keep-alive",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok"),
		  C("GET /2 HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 404 Not Found\r\n"
		    "Content-Length: 0\r\n\r\n")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"
		 "GET /2 host= path=/2 query= 1.1 body=0/0: => 404 reason=Not Found 1.1 [Content-Length: 0] body=0/0:\n"},
		{"pipelining with HEAD and 304",
		 {C("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n"
		    "\r\nGET /3 HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nokHTTP/1.1 200 OK\r\n"
		    "Content-Length: 9\r\n\r\n"
		    "HTTP/1.1 304 Not Modified\r\n"
		    "Content-Length: 5\r\n\r\n")},
		 "GET /1 host= path=/1 query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"
		 "HEAD /2 host= path=/2 query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 9] body=0/0:\n"
		 "GET /3 host= path=/3 query= 1.1 body=0/0: => 304 reason=Not Modified 1.1 [Content-Length: 5] body=0/0:\n"},
		{"request body",
		 {C("POST /a HTTP/1.1\r\nHost: h\r\n"
		    "Content-Length: 5\r\n\r\n"
		    "hello"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST /a host=h path=/a query= 1.1 [Host: h] [Content-Length: 5] body=5/5:hello => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"request body, chunked",
		 {C("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n3\r\nabc\r\n0\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok"),
		  C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST /a host= path=/a query= 1.1 [Transfer-Encoding: chunked] body=3/3:abc => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\nGET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"chunked, extension, trailers",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		    "\r\n3;x=\"y\"\r\nabc\r\n00A\r\n"
		    "0123456789\r\n0\r\nA: b\r\n"
		    "C: d\r\n\r\n"),
		  C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Transfer-Encoding: chunked] +[A: b] [C: d] body=13/13:abc0123456789\nGET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"close-delimited, HTTP/1.0",
		 {C("GET / HTTP/1.0\r\n\r\n"),
		  S("HTTP/1.0 200 OK\r\n\r\nall of it")},
		 "GET / host= path=/ query= 1.0 body=0/0: => 200 reason=OK 1.0 body=9/9:all of it\n"},
		{"HTTP/0.9",
		 {C("GET /old\r\n"), S("<html>\r\n</html>\r\n")},
		 "GET /old host= path=/old query= 0.9 body=0/0: => 200 reason= 0.9 body=17/17:<html>\\x0d\\x0a</html>\\x0d\\x0a\n"},
		{"responses without bodies",
		 {C("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n"
		    "\r\nGET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 204 No Content\r\n"
		    "Content-Length: 3\r\n\r\n"
		    "HTTP/1.1 304 Not Modified\r\n"
		    "Transfer-Encoding: chunked\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 204 reason=No Content 1.1 [Content-Length: 3] body=0/0:\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 304 reason=Not Modified 1.1 [Transfer-Encoding: chunked] body=0/0:\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"interim responses",
		 {C("POST / HTTP/1.1\r\nExpect: 100-continue\r\n"
		    "Content-Length: 2\r\n\r\n"),
		  S("HTTP/1.1 100 Continue\r\n"
		    "\r\nHTTP/1.1 103 Early Hints\r\n"
		    "Link: x\r\n\r\n"),
		  C("hi"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Expect: 100-continue] [Content-Length: 2] body=2/2:hi => (100) (103) 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"expectation not waited for",
		 {C("POST / HTTP/1.1\r\nExpect: 100-continue\r\n"
		    "Content-Length: 2\r\n\r\n"
		    "hi"),
		  S("HTTP/1.1 100 Continue\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Expect: 100-continue] [Content-Length: 2] body=2/2:hi => (100) 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"expectation refused, the body never comes",
		 {C("POST / HTTP/1.1\r\nExpect: 100-continue\r\n"
		    "Content-Length: 90\r\n\r\n"),
		  S("HTTP/1.1 417 No\r\nContent-Length: 0\r\n"
		    "\r\n"),
		  C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Expect: 100-continue] [Content-Length: 90] body=0/0: => 417 reason=No 1.1 [Content-Length: 0] body=0/0:\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"expectation refused, the body comes",
		 {C("POST / HTTP/1.1\r\nExpect: 100-continue\r\n"
		    "Content-Length: 4\r\n\r\n"),
		  S("HTTP/1.1 413 No\r\nContent-Length: 0\r\n"
		    "\r\n"),
		  C("GEToGET /2 HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Expect: 100-continue] [Content-Length: 4] body=4/4:GETo => 413 reason=No 1.1 [Content-Length: 0] body=0/0:\n"
		 "GET /2 host= path=/2 query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"expectation refused, a body shorter than a method never comes",
		 {C("POST / HTTP/1.1\r\nExpect: 100-continue\r\n"
		    "Content-Length: 2\r\n\r\n"),
		  S("HTTP/1.1 417 No\r\nContent-Length: 0\r\n"
		    "\r\n"),
		  C("GET /2 HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Expect: 100-continue] [Content-Length: 2] body=0/0: => 417 reason=No 1.1 [Content-Length: 0] body=0/0:\n"
		 "GET /2 host= path=/2 query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"expectation refused, a body shorter than a method comes",
		 {C("POST / HTTP/1.1\r\nExpect: 100-continue\r\n"
		    "Content-Length: 2\r\n\r\n"),
		  S("HTTP/1.1 413 No\r\nContent-Length: 0\r\n"
		    "\r\n"),
		  C("GEGET /2 HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "POST / host= path=/ query= 1.1 [Expect: 100-continue] [Content-Length: 2] body=2/2:GE => 413 reason=No 1.1 [Content-Length: 0] body=0/0:\n"
		 "GET /2 host= path=/2 query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"answer before the request is complete",
		 {C("POST / HTTP/1.1\r\nContent-Length: 6\r\n"
		    "\r\nabc"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok"),
		  C("def")},
		 "POST / host= path=/ query= 1.1 [Content-Length: 6] body=6/6:abcdef => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"absolute-form",
		 {C("GET http://user@a.example:81/p/q?x=1&y#f HTTP/1.1\r\n"
		    "Host: other\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET http://user@a.example:81/p/q?x=1&y#f host=a.example:81 path=/p/q query=x=1&y#f 1.1 [Host: other] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"absolute-form without a path",
		 {C("GET http://a.example?x HTTP/1.1\r\n"
		    "Host: other\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET http://a.example?x host=a.example path= query=x 1.1 [Host: other] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"asterisk-form",
		 {C("OPTIONS * HTTP/1.1\r\nHost: h\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "OPTIONS * host=h path=* query= 1.1 [Host: h] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"CONNECT refused, then accepted, HTTP inside",
		 {C("CONNECT a:443 HTTP/1.1\r\n"
		    "Host: b\r\n\r\n"),
		  S("HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n"
		    "\r\n"),
		  C("CONNECT a:443 HTTP/1.1\r\n"
		    "Host: b\r\n\r\n"),
		  S("HTTP/1.1 200 Established\r\n"
		    "Content-Length: 10\r\n\r\n"),
		  C("GET /in HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "CONNECT a:443 host=a:443 path= query= 1.1 [Host: b] body=0/0: => 407 reason=Auth 1.1 [Content-Length: 0] body=0/0:\nCONNECT a:443 host=a:443 path= query= 1.1 [Host: b] body=0/0: => 200 reason=Established 1.1 [Content-Length: 10] body=0/0: !upgraded\n"
		 "GET /in host= path=/in query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"CONNECT, TLS inside",
		 {C("CONNECT a:443 HTTP/1.1\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\n\r\n"), C("\x16\x03\x01\x00\x05hello"),
		  S("\x16\x03\x03\x00\x05world")},
		 "CONNECT a:443 host=a:443 path= query= 1.1 body=0/0: => 200 reason=OK 1.1 body=0/0: !upgraded\n"},
		{"upgrade",
		 {C("GET /ws HTTP/1.1\r\nConnection: Upgrade\r\n"
		    "Upgrade: websocket\r\n\r\n"),
		  S("HTTP/1.1 101 Switching Protocols\r\n"
		    "Upgrade: websocket\r\n\r\n"
		    "\x81\x02hi"),
		  C("\x81\x82"
		    "abcdef")},
		 "GET /ws host= path=/ws query= 1.1 [Connection: Upgrade] [Upgrade: websocket] body=0/0: => 101 reason=Switching Protocols 1.1 [Upgrade: websocket] body=0/0: !upgraded\n"},
		{"upgrade refused",
		 {C("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n"
		    "\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok"),
		  C("GET /2 HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET /ws host= path=/ws query= 1.1 [Upgrade: websocket] body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\nGET /2 host= path=/2 query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
		{"101 that nobody asked for",
		 {C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 101 Odd\r\nContent-Length: 2\r\n"
		    "\r\nok"),
		  C("GET / HTTP/1.1\r\n\r\n"),
		  S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
		    "\r\nok")},
		 "GET / host= path=/ query= 1.1 body=0/0: => 101 reason=Odd 1.1 [Content-Length: 2] body=2/2:ok\n"
		 "GET / host= path=/ query= 1.1 body=0/0: => 200 reason=OK 1.1 [Content-Length: 2] body=2/2:ok\n"},
};
const size_t http_n_rows_plain =
	sizeof(http_rows_plain) / sizeof(http_rows_plain[0]);
