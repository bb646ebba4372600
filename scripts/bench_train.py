"""Seconds from raw files to 99% of the held-out images, on this machine: the recipe of `train`, the same from scratch, and the
network of the well-known Keras example for this data set (A. K. Nain, 2020), rebuilt in PyTorch.

    make bench-train                      # CAPTCHA_OCR_DATA names captcha_images_v2; about ten minutes on two cores

All three get the same files, split, batch size and thread count, in turns. The Keras example's network trains as it does there:
Adam with a learning rate of 0.001, grey images, no augmentation. Reading and scaling the files is part of every time."""
import statistics, sys, time
from functools import partial

import torch
from fastai.basics import Callback, CancelFitException, OptimWrapper
from torch import nn

from captcha_ocr.charset import Charset
from captcha_ocr.data.download import download_dataset, find_dataset
from captcha_ocr.data.labels import good_samples
from captcha_ocr.data.split import split_samples
from captcha_ocr.train.learner import captcha_learner
from captcha_ocr.train.loaders import captcha_dls
from captcha_ocr.train.pretrained import PRETRAINED_LR, from_pretrained, pretrained_epochs

TARGET, MAX_EPOCHS = .99, 60  # share of the held-out images; epochs of the Keras example
KERAS = 'Keras example'

def keras_init(m):
    "Initial weights as in Keras; from PyTorch's own, the network outputs blanks for more than 40 epochs."
    if isinstance(m, nn.Conv2d): nn.init.kaiming_normal_(m.weight, nonlinearity='relu')
    if isinstance(m, nn.Linear): nn.init.xavier_uniform_(m.weight)
    for name,p in m.named_parameters(recurse=False):
        if 'bias' in name: nn.init.zeros_(p)
        if 'weight_ih' in name: nn.init.xavier_uniform_(p)
        if 'weight_hh' in name: [nn.init.orthogonal_(o) for o in p.data.chunk(4)]
        if 'bias_ih' in name: p.data.chunk(4)[1].fill_(1)   # the forget gate

def conv(ni, nf): return nn.Conv2d(ni, nf, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
def lstm(ni, nf): return nn.LSTM(ni, nf, bidirectional=True, batch_first=True)

class KerasExample(nn.Module):
    "Two convolutions, a dense layer and two bidirectional LSTMs: (N,3,H,W) to (N,W//4,C)."
    def __init__(self, n_classes, height=48):
        super().__init__()
        self.convolutions = nn.Sequential(*conv(1, 32), *conv(32, 64))
        self.dense = nn.Sequential(nn.Linear(height//4*64, 64), nn.ReLU(), nn.Dropout(.2))
        self.rnn1, self.rnn2 = lstm(64, 128), lstm(256, 64)
        self.dropout, self.head = nn.Dropout(.25), nn.Linear(128, n_classes)
        self.apply(keras_init)

    def forward(self, x):
        x = self.convolutions(x.as_subclass(torch.Tensor).mean(1, keepdim=True))
        x = self.dense(x.flatten(1, 2).transpose(1, 2))
        return self.head(self.dropout(self.rnn2(self.dropout(self.rnn1(x)[0]))[0]))

class StopAtTarget(Callback):
    "Stop training after the first epoch that reads `TARGET` of the held-out images."
    order = 70
    def after_epoch(self):
        self.learn.reached = self.recorder.log[3]
        print(f'    epoch {self.epoch+1}: {self.reached:.1%}', flush=True)
        if self.reached >= TARGET: raise CancelFitException

def fit_pretrained(learn): learn.fit_captcha(pretrained_epochs(learn.dls), PRETRAINED_LR, cbs=StopAtTarget())
def fit_scratch(learn): learn.fit_captcha(anneal=True, cbs=StopAtTarget())
def fit_keras(learn):
    learn.opt_func = partial(OptimWrapper, opt=torch.optim.Adam)
    learn.fit(MAX_EPOCHS, 1e-3, wd=0., cbs=StopAtTarget())

# name: (network for a charset, augmentation, training)
CONTESTANTS = {'train --from base': (lambda charset: from_pretrained(charset, 'base'), 'default', fit_pretrained),
               'train --from none': (lambda charset: None, 'default', fit_scratch),
               KERAS:                   (lambda charset: KerasExample(charset.n_classes), 'none', fit_keras)}

def run(name, train, held, charset, seed):
    "Seconds to the target, epochs, and the exact match reached."
    start = time.perf_counter()
    network, augment, fit = CONTESTANTS[name]
    model = network(charset)
    dls = captcha_dls(train, held, charset, augment=augment, seed=seed, device='cpu')
    learn = captcha_learner(dls, seed=seed, model=model)
    with learn.no_bar(), learn.no_logging(): fit(learn)
    return time.perf_counter()-start, learn.epoch+1, learn.reached

def main(seeds=2):
    samples = good_samples(find_dataset() or download_dataset(), min_samples=2)[0]
    charset, seconds = Charset.from_texts(s.text for s in samples), {name: [] for name in CONTESTANTS}
    for seed in range(int(seeds)):
        train, held = split_samples(samples, .1, seed)
        for name in CONTESTANTS:
            print(f'{name}, seed {seed}', flush=True)
            took, epochs, reached = run(name, train, held, charset, seed)
            seconds[name].append(took)
            print(f'  {took:.0f} s, {epochs} epochs, {reached:.1%} of {len(held)}', flush=True)
    medians = {name: statistics.median(o) for name,o in seconds.items()}
    print(f'\n{torch.get_num_threads()} threads, medians of {seeds} seeds, to {TARGET:.0%} of the held-out images')
    for name,t in medians.items(): print(f'  {name:<22}{t:>6.0f} s{medians[KERAS]/t:>8.1f} ×')

if __name__ == '__main__': main(*sys.argv[1:])
