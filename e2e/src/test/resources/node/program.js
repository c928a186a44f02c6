// A shop with the real SkyWalking agent in it, and its customers, in one process. An order goes
//
//   customer --GET /order/KIND--> shop --GET /stock/KIND--> shop
//
// so that it makes three segments and four spans of one trace. Orders of kind "bad" are answered 500 by the stock.
// Arguments: how many good orders, how many bad ones, milliseconds after each (0). It says "all orders are done", and stays.

// The agent's heartbeat comes every 20 seconds, whatever one sets: no longer than 2 here.
const { setInterval } = globalThis;
globalThis.setInterval = (task, millis, ...rest) => setInterval(task, Math.min(millis, 2000), ...rest);

require('skywalking-backend-js').default.start();
const http = require('http');

const shop = http.createServer(async (request, response) => {
  const [, place, kind] = request.url.split('/');
  const status = place === 'order' ? await get('/stock/' + kind) : kind === 'bad' ? 500 : 200;
  response.writeHead(status).end();
});

// By http.request: the agent does not see http.get.
function get(path) {
  return new Promise((resolve, reject) => {
    const { port } = shop.address();
    http
      .request({ host: '127.0.0.1', port, path }, (response) => response.resume().on('end', () => resolve(response.statusCode)))
      .on('error', reject)
      .end();
  });
}

shop.listen(0, '127.0.0.1', async () => {
  for (const [index, kind] of ['good', 'bad'].entries()) {
    for (let left = Number(process.argv[2 + index]); left > 0; left--) {
      await get('/order/' + kind);
      await new Promise((resume) => setTimeout(resume, Number(process.argv[4] || 0)));
    }
  }
  console.log('all orders are done');
});
