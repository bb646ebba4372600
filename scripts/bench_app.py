"""The web app under load: clients that send one image after another, compared with a reader on the same cores.

    make bench-app                                # 64 clients for 60 s
    python scripts/bench_app.py [SECONDS [CLIENTS]]

Server and clients share the cores, and both rates are measured alternately, so that a busy machine slows both. The exit code is 1 if a request failed."""
import os
for o in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[o] = '1'
import asyncio, re, statistics, subprocess, sys, tempfile, time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import psutil

from captcha_ocr.reader import Reader
from captcha_ocr.synth.styles import save_captchas

MODEL = 'captcha_images_v2'   # a small model: the service is measured, not the network
START = 'import sys; from captcha_ocr.cli import main; sys.argv[1:] = ["serve", "--port", "0", *sys.argv[1:]]; main()'

@contextmanager
def server(*words, **env):
    "A server process and its port; SIGTERM ends it"
    process = subprocess.Popen([sys.executable, '-c', START, *map(str, words if '--model' in words else ['--model', MODEL, *words])], stdout=subprocess.PIPE, text=True, env={**os.environ, 'PYTHONUNBUFFERED': '1', **env})
    try: yield process, int(re.search(r':(\d+) reads', process.stdout.readline())[1])
    finally: process.terminate(); process.wait(20)

def posted(image, keep=True): # the bytes of a request
    body = b'--b\r\nContent-Disposition: form-data; name="image"; filename="x.png"\r\nContent-Type: image/png\r\n\r\n'+image+b'\r\n--b--\r\n'
    return (f'POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n'
            f'Connection: {"keep-alive" if keep else "close"}\r\n\r\n').encode()+body

async def client(port, requests, until, seconds, statuses):
    "Sends one request after another on one connection until the time is over"
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    i = 0
    while time.perf_counter() < until:
        start = time.perf_counter()
        writer.write(requests[i % len(requests)])
        head = await reader.readuntil(b'\r\n\r\n')
        await reader.readexactly(int(re.search(rb'content-length: (\d+)', head.lower())[1]))
        seconds.append(time.perf_counter()-start)
        statuses[int(head.split()[1])] += 1
        i += 1
    writer.close()

async def load(port, requests, duration, clients):
    "Sorted seconds of all requests, and counts of their statuses"
    seconds, statuses, until = [], Counter(), time.perf_counter()+duration
    done = await asyncio.gather(*(client(port, requests[i:]+requests[:i], until, seconds, statuses) for i in range(clients)), return_exceptions=True)
    statuses.update(type(o).__name__ for o in done if o)
    return sorted(seconds), statuses

def main(seconds=60, clients=64):
    with tempfile.TemporaryDirectory() as d, server() as (process, port):
        files = save_captchas('kaptcha', 200, Path(d)/'captchas', seed=0)
        requests, reader, memory = [posted(o.read_bytes()) for o in files], Reader(MODEL), psutil.Process(process.pid).memory_info
        def folder(): # images a second
            start = time.perf_counter()
            return sum(1 for _ in reader.read_many(files*5))/(time.perf_counter()-start)
        asyncio.run(load(port, requests, 2, clients))       # warm
        parts, alone, rates, took, statuses = max(1, round(seconds/10)), [], [], [], Counter()
        start, rss = memory().rss, []
        for _ in range(parts):
            rates.append(folder())
            alone += asyncio.run(load(port, requests, 1, 1))[0]
            some, what = asyncio.run(load(port, requests, seconds/parts, clients))
            took += some; statuses += what; rss.append(memory().rss)
        took.sort()
        rate, single, p99 = len(took)/seconds, statistics.median(alone), took[int(.99*len(took))]
        print(f'{clients} clients for {seconds:g} s on {len(os.sched_getaffinity(0))} cores: {dict(statuses)}')
        print(f'throughput   {rate:.0f} images/s, {rate/statistics.median(rates):.0%} of a reader alone ({statistics.median(rates):.0f} images/s)')
        print(f'latency      median {1e3*statistics.median(took):.1f} ms, p99 {1e3*p99:.1f} ms = {p99/single:.1f} × that of a single client ({1e3*single:.1f} ms)')
        print(f'memory       {start/2**20:.0f} MB at the start, {" ".join(f"{o/2**20:.0f}" for o in rss)} after each {seconds/parts:.0f} s')
        return set(statuses) != {200}

if __name__ == '__main__': sys.exit(main(*map(int, sys.argv[1:])))
