// A gRPC server and client of @grpc/grpc-js: see grpc_peer.py. Its "web" is a server
// of gRPC-Web over HTTP/1 and HTTP/2 that answers each call with the messages it got.
'use strict';

const fs = require('fs');
const http = require('http');
const http2 = require('http2');

const ERROR = 'lost: 50 % of \u00fcber';
const as_is = (b) => b;

function definition(name, requests, responses)
{
	return {
		path: '/lab.Echo/' + name, requestStream: requests,
		responseStream: responses, requestSerialize: as_is,
		requestDeserialize: as_is, responseSerialize: as_is,
		responseDeserialize: as_is,
	};
}

const service = {
	Unary: definition('Unary', false, false),
	Collect: definition('Collect', true, false),
	Split: definition('Split', false, true),
	Chat: definition('Chat', true, true),
	Fail: definition('Fail', false, false),
	Late: definition('Late', false, true),
};

const size = (list) => list.reduce((sum, b) => sum + b.length, 0);

function logger(path)
{
	return (method, status, message, got, sent) =>
		fs.appendFileSync(path, JSON.stringify(['lab.Echo', method, status, message,
			got.length, sent.length, size(got), size(sent)]) + '\n');
}

function serve(address, path)
{
	const grpc = require('@grpc/grpc-js');
	const log = logger(path);
	const server = new grpc.Server();

	server.addService(service, {
		Unary(call, done) {
			const sent = Buffer.concat([call.request, call.request]);
			log('Unary', 0, 'OK', [call.request], [sent]);
			done(null, sent);
		},
		Collect(call, done) {
			const got = [];
			call.on('data', (b) => got.push(b));
			call.on('end', () => {
				const sent = Buffer.concat(got);
				log('Collect', 0, 'OK', got, [sent]);
				done(null, sent);
			});
		},
		Split(call) {
			const sent = [];
			for (let i = 0; i < call.request.length; i++) {
				sent.push(call.request.subarray(0, i));
				call.write(sent[i]);
			}
			log('Split', 0, 'OK', [call.request], sent);
			call.end();
		},
		Chat(call) {
			const got = [], sent = [];
			call.on('data', (b) => {
				got.push(b);
				sent.push(Buffer.concat([b, Buffer.from('!')]));
				call.write(sent[sent.length - 1]);
			});
			call.on('end', () => {
				log('Chat', 0, 'OK', got, sent);
				call.end();
			});
		},
		Fail(call, done) {
			log('Fail', 5, ERROR, [call.request], []);
			done({code: 5, details: ERROR});
		},
		Late(call) {
			log('Late', 13, ERROR, [call.request], [call.request]);
			call.write(call.request);
			call.emit('error', {code: 13, details: ERROR});
		},
	});
	server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (e) => {
		if (e)
			throw e;
	});
}

// One call of each kind after the other, n times.
async function calls(address, n)
{
	const grpc = require('@grpc/grpc-js');
	const Client = grpc.makeGenericClientConstructor(service, 'Echo');
	const client = new Client(address, grpc.credentials.createInsecure());
	let failed = 0;
	const unary = (method, message) => new Promise((done) => {
		const call = client[method]((e) => {
			failed += e ? e.details === ERROR : 0;
			done();
		});
		for (let i = 0; i < 3; i++)
			call.write(message);
		call.end();
	});
	const plain = (method, message) => new Promise((done) =>
		client[method](message, (e) => {
			failed += e ? e.details === ERROR : 0;
			done();
		}));
	const drain = (call) => new Promise((done) => {
		call.on('data', () => {});
		call.on('error', (e) => { failed += e.details === ERROR; });
		call.on('status', () => done());
	});

	for (let i = 0; i < n; i++) {
		const message = Buffer.alloc(i % 50 + 1, 'm');
		await plain('Unary', message);
		await unary('Collect', message);
		await drain(client.Split(message));
		const chat = client.Chat();
		for (let k = 0; k < 4; k++)
			chat.write(message);
		chat.end();
		await drain(chat);
		await plain('Fail', message);
		await drain(client.Late(message));
	}
	client.close();
	if (failed !== 2 * n)
		throw new Error(`${failed} calls failed as they should, of ${2 * n}`);
}

function frame(flags, payload)
{
	const head = Buffer.alloc(5);

	head[0] = flags;
	head.writeUInt32BE(payload.length, 1);
	return Buffer.concat([head, payload]);
}

function web(address, path)
{
	const log = logger(path);
	const [host, port] = address.split(':');
	const answer = (request, response) => {
		const type = request.headers['content-type'];
		const text = type.includes('-text');
		const parts = [];

		request.on('data', (b) => parts.push(b));
		request.on('end', () => {
			let body = Buffer.concat(parts);
			const got = [];
			if (text)
				body = Buffer.from(body.toString(), 'base64');
			for (let at = 0; at < body.length;) {
				const n = body.readUInt32BE(at + 1);
				got.push(body.subarray(at + 5, at + 5 + n));
				at += 5 + n;
			}
			const fields = 'grpc-status: 0\r\ngrpc-message: fine\r\n';
			const pieces = got.map((b) => frame(0, b));
			pieces.push(frame(0x80, Buffer.from(fields)));
			log('Web', 0, 'fine', got, got);
			response.writeHead(200, {'content-type': type});
			// Each piece of text has a padding of its own.
			for (const piece of pieces)
				response.write(text ? piece.toString('base64') : piece);
			response.end();
		});
	};

	http.createServer(answer).listen(Number(port), host);
	http2.createServer(answer).listen(Number(port) + 1, host);
}

const [what, address, argument] = process.argv.slice(2);
if (what === 'server')
	serve(address, argument);
else if (what === 'web')
	web(address, argument);
else
	calls(address, Number(argument));
