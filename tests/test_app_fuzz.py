"5,000 malformed requests: each gets a response with a fitting status, none a 500."
import random, socket, threading
from collections import Counter

import pytest

import fuzz
from bench_app import posted
from captcha_ocr.serve.app import create_app
from captcha_ocr.serve.batching import Models
from captcha_ocr.serve.server import Server
from captcha_ocr.serve.service import Service

IMAGES = [o for o in fuzz.encoded() if len(o) < 60_000]

def test_malformed_requests(tmp_path):
    rng, came, app = random.Random(0), Counter(), create_app(Service(Models(['captcha_images_v2']), feedback=tmp_path))
    client = app.test_client()
    for _ in range(5_000):
        request = fuzz.some_request(rng, IMAGES)
        answer = client.open(**request)
        came[answer.status_code] += 1
        assert answer.status_code < 500, (answer.data, request)
        assert b'Traceback' not in answer.data and b'site-packages' not in answer.data
        if answer.status_code >= 400 and request['path'].startswith('/api/'):
            assert answer.content_type == 'application/problem+json' and answer.json['status'] == answer.status_code
    assert {200, 400, 405, 415, 422} <= came.keys(), came   # the requests are not all alike

@pytest.fixture(scope='module')
def port():
    server = Server(Service(Models(['captcha_images_v2'])), '127.0.0.1', 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield int(server.effective_port)
    server.stop(); thread.join()

def test_malformed_bytes(port):
    "Bytes that are not HTTP get a response or are dropped, and the server keeps serving"
    rng, came, whole = random.Random(1), Counter(), posted(IMAGES[0], keep=False)
    for _ in range(120):
        with socket.create_connection(('127.0.0.1', port), timeout=.05) as s:
            try: s.sendall(fuzz.mutant(rng, whole)); got = s.recv(9999)
            except (TimeoutError, ConnectionError): got = b''     # it waits for the rest
            came[got[9:12]] += 1
    assert not {o for o in came if o.startswith(b'5')}, came
    with socket.create_connection(('127.0.0.1', port), timeout=5) as s:
        s.sendall(whole)
        assert s.recv(9999).startswith(b'HTTP/1.1 200')
