// An HTTP server that logs METHOD TARGET STATUS of every request it handles:
// node hostile_node.js ADDRESS PORT LOG
'use strict';
const fs = require('fs');
const http = require('http');
const [address, port, path] = process.argv.slice(2);
const log = fs.openSync(path, 'a');

const server = http.createServer((request, response) => {
	fs.writeSync(log, `${request.method} ${request.url} 200\n`);
	request.resume();
	request.on('end', () => {
		response.setHeader('Content-Length', 2);
		response.end('ok');
	});
});
server.keepAliveTimeout = 60000;
server.listen(Number(port), address);
