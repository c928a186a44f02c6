"""
A shop with the real SkyWalking agent in it, and its customers, in one process.

    program.py orders GOOD BAD [PAUSE]
                                  An order is an exit span in a local span of the customer, and an entry span of the
                                  shop: two segments of one trace, and a log line on each side. Bad ones are answered
                                  500. PAUSE is in milliseconds, after each order. It says "all orders are done",
                                  and stays.
    program.py profiled           Asks for something slow again and again, until the agent has profiled one request.
                                  It says "snapshot" for each that the agent takes, and stays.
"""

import logging
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import skywalking.agent
from skywalking.decorators import trace
from skywalking.meter.counter import Counter, CounterMode
from skywalking.plugins import sw_http_server, sw_urllib_request
from skywalking.profile.profile_service import ProfileTaskExecutionService

log = logging.getLogger('shop')
log.setLevel(logging.INFO)


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/slow':
            time.sleep(1)
        else:
            log.info('shop: %s', self.headers['Order'])
        self.send_response(500 if self.path == '/bad' else 200)
        self.end_headers()


def say(line):
    # In one piece: the agent's threads write into the same file, also between a line and its end.
    print(line + '\n', end='', flush=True)


def get(path, order='none'):
    opener = build_opener(ProxyHandler({}))
    opener.addheaders = [('Order', order)]
    try:
        opener.open(f'http://127.0.0.1:{shop.server_port}{path}').close()
    except HTTPError as answer:
        answer.close()


@trace(op='buy')
def buy(path, order):
    log.info('customer: %s', order)
    get(path, order)
    orders.increment(1)
    time.sleep(pause)


def profile():
    profiled = threading.Event()
    agent = skywalking.agent.agent
    send = agent.add_profiling_snapshot

    def say_and_send(snapshot):
        say('snapshot')
        profiled.set()
        send(snapshot)

    agent.add_profiling_snapshot = say_and_send
    while not profiled.is_set():
        get('/slow')


# A profiling task takes one minute at least, and ends with a report: here its minutes are seconds.
ProfileTaskExecutionService.MINUTE_TO_MILLIS = 1000
# The agent finds its plugins by itself up to Python 3.11 only: all are disabled, and these two are called by name.
sw_http_server.install()
sw_urllib_request.install()
skywalking.agent.start()

orders = Counter.Builder('test_orders', CounterMode.INCREMENT).build()
shop = ThreadingHTTPServer(('127.0.0.1', 0), Shop)
threading.Thread(target=shop.serve_forever, daemon=True).start()

if sys.argv[1] == 'profiled':
    profile()
else:
    good, bad = int(sys.argv[2]), int(sys.argv[3])
    pause = int(sys.argv[4]) / 1000 if len(sys.argv) > 4 else 0
    for i in range(good):
        buy('/good', f'good order {i}')
    for i in range(bad):
        buy('/bad', f'bad order {i}')
    say('all orders are done')
threading.Event().wait()
