// An HTTP server that logs what it understood, one JSON object per line:
// node differential_node.js ADDRESS PORT LOG [lenient]
//
// Each request gets a serial number, which its response carries in X-Serial and as
// its body. A second line with the same serial has the length and hash of the
// body once it is complete. The first letter of the target selects how the
// response is framed.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const [address, port, path, lenient] = process.argv.slice(2);
const out = fs.openSync(path, 'a');
const open = new WeakMap(); // requests without a response
const ports = new WeakMap(); // a closed socket does not know its port
let serials = 0;

function log(object)
{
	fs.writeSync(out, JSON.stringify(object) + '\n');
}

function begin(request, socket)
{
	const serial = `n${++serials}`;

	log({serial, port: ports.get(socket), method: request.method,
		target: request.url, status: 200});
	return serial;
}

function respond(request, response, serial)
{
	const kind = request.url[1];

	response.setHeader('X-Serial', serial);
	if (kind === 'n')
		response.statusCode = 204;
	else if (kind === 'k')
		response.write(serial.slice(0, 1)); // chunked
	else if (kind === 'b')
		response.setHeader('Content-Length', 3000 + serial.length);
	else
		response.setHeader('Content-Length', serial.length);
	if (kind === 'c')
		response.setHeader('Connection', 'close');
	response.end(kind === 'k' ? serial.slice(1) :
		serial + (kind === 'b' ? '.'.repeat(3000) : ''));
}

function handle(request, response)
{
	const socket = request.socket;
	const serial = begin(request, socket);
	const hash = crypto.createHash('sha256');
	let length = 0;

	open.set(socket, (open.get(socket) || 0) + 1);
	response.on('finish', () => open.set(socket, open.get(socket) - 1));
	if (request.url[1] === 'e') // does not wait for the body
		respond(request, response, serial);
	request.on('data', data => {
		length += data.length;
		hash.update(data);
	});
	request.on('error', () => {});
	request.on('end', () => {
		log({serial, length, hash: hash.digest('hex')});
		if (request.url[1] !== 'e')
			respond(request, response, serial);
	});
}

const server = http.createServer({insecureHTTPParser: lenient === 'lenient'},
	handle);
server.on('connect', (request, socket) => {
	const serial = begin(request, socket);

	socket.on('error', () => {});
	if (open.get(socket) > 0) // after the responses to what came before
		socket.destroy();
	socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n' +
		`X-Serial: ${serial}\r\nContent-Length: 0\r\n\r\n`);
});
server.on('connection', socket => ports.set(socket, socket.remotePort));
server.keepAliveTimeout = 60000;
server.requestTimeout = 60000;
server.listen(Number(port), address);
