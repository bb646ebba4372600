"""Batches of synthetic images for scripts/pretrain.py, made ahead by other processes.

Image i of a training is `generate([seed, i])`, so the data has no state: a training resumes at the very batch, and the number of
processes changes nothing."""
import math, os, random, signal, sys
from itertools import cycle
from queue import Empty, Full

import numpy as np
import torch
import torch.multiprocessing as mp
from PIL import Image

from captcha_ocr.charset import Charset, min_steps
from captcha_ocr.data.images import Geometry
from captcha_ocr.synth.randomize import CHARSET, generate

GEOMETRY = Geometry(stretch=1.3)   # overlapping and small characters need more time steps than their images have at 48 pixels
WIDTHS = [64,80,104,128,144,168,192,208,232,256,296,336,376,416,464,512]  # columns of a batch: each further shape costs memory for good
GROUP = 1536      # images that are sorted into batches together
MAX_LENGTH = 12   # characters
CHARACTERS = Charset(CHARSET)

def bucket(size,     # (width, height) of an image, pixels
           text:str, # its label
          )->int|None: # index into `WIDTHS`; None if the text does not fit
    "The batch width that is nearest to an image's own width at the model's height."
    width = GEOMETRY.width(size)
    nearest = min(range(len(WIDTHS)), key=lambda i: abs(math.log(WIDTHS[i]/width)))
    return nearest if min_steps(text) <= WIDTHS[nearest]//GEOMETRY.stride else None

def encode(samples, # list of (PIL image, text)
           width:int # columns
          ): # (N,H,width,3) uint8 and (N,MAX_LENGTH) uint8, padded with 0
    "Images stretched to one width, and the ids of their texts."
    size = width, GEOMETRY.height
    x = np.stack([np.asarray(im.resize(size, Image.Resampling.BILINEAR)) for im,_ in samples])
    y = np.zeros((len(samples), MAX_LENGTH), np.uint8)
    for row,(_,text) in zip(y, samples): row[:len(text)] = CHARACTERS.encode(text)
    return x, y

def to_batches(samples,  # list of (PIL image, text)
               size:int, # images in a batch
               keep_rest:bool=False # yield a last batch that is smaller
              ): # yields what `encode` returns
    """Batches of one width each. What does not fill a batch moves to the next width, and the rest of the widest is dropped:
    oneDNN and malloc keep memory for every shape that they see, so there are few shapes."""
    groups, left = [[] for _ in WIDTHS], []
    for im,text in samples:
        at = bucket(im.size, text)
        if at is not None: groups[at].append((im, text))
    for width,group in zip(WIDTHS, groups):
        left += group
        while len(left) >= size or (keep_rest and left and width == WIDTHS[-1]):
            yield encode(left[:size], width)
            left = left[size:]

def sample(seed # list of int
          ):    # (PIL image, text), or None if the text is too long for the network
    "One synthetic image."
    pixels, text = generate(seed)
    return (Image.fromarray(pixels), text) if 0 < len(text) <= MAX_LENGTH else None

def group_batches(seed:int, group:int, size:int): # seed of the training, number of the group, images in a batch
    "All batches of a group in random order; they depend on the arguments alone."
    samples = [sample([seed, i]) for i in range(group*GROUP, (group+1)*GROUP)]
    batches = list(to_batches([o for o in samples if o], size))
    random.Random(f'{seed} {group}').shuffle(batches)
    return batches

def validation_batches(n:int, size:int, seed:int=987_654_321): # images, images in a batch; a seed that no training uses
    "Batches of held-out synthetic images, as tensors."
    samples = [sample([seed, i]) for i in range(n)]
    return [(torch.from_numpy(x), torch.from_numpy(y).long()) for x,y in to_batches([o for o in samples if o], size, keep_rest=True)]

def _put(queue, item, parent): # waits for room in the queue; ends this process if its parent is gone
    while True:
        try: return queue.put(item, timeout=20)
        except Full:
            if os.getppid() != parent: os._exit(0)

def _work(queue, seed, size, first, step): # makes groups `first`, `first+step`, ...
    for o in (signal.SIGTERM, signal.SIGINT): signal.signal(o, signal.SIG_IGN)
    torch.set_num_threads(1)
    group, parent = first, os.getppid()
    while True:
        batches = group_batches(seed, group, size)
        for i,batch in enumerate(batches): _put(queue, (group, i, i+1 == len(batches), *batch), parent)
        group += step

class Batches:
    """Iterates over the batches of the groups `group`, `group+stride`, ..., the first from `batch` on; both always name the place to
    resume at. Processes that train together have a stride of their number, so that each has groups of its own."""
    def __init__(self, seed:int, size:int, group:int, batch:int, stride:int, workers:int, stopped): # stopped: function without arguments
        self.group, self.batch, self.stride, self.stopped = group, batch, stride, stopped
        context = mp.get_context('spawn')
        self.queues = [context.Queue(32) for _ in range(workers)]
        self.workers = [context.Process(target=_work, daemon=True, args=(q, seed, size, group+k*stride, workers*stride))
                        for k,q in enumerate(self.queues)]
        for o in self.workers: o.start()

    def _next(self, queue): # an item, or None when the training has been stopped
        while not self.stopped():
            try: return queue.get(timeout=1)
            except Empty:
                if not all(o.is_alive() for o in self.workers): sys.exit('a process that generates images has died; see the messages above')

    def _group(self, queue): # the batches of one group that are still to come
        done, last = self.batch, False
        while not last:
            item = self._next(queue)
            if item is None: return
            group, i, last, x, y = item
            if i < done: continue
            self.group, self.batch = (group+self.stride, 0) if last else (group, i+1)
            yield torch.from_numpy(x), torch.from_numpy(y).long()

    def __iter__(self):
        for queue in cycle(self.queues):
            yield from self._group(queue)
            if self.stopped(): return

    def stop(self):
        for o in self.workers: o.kill()
