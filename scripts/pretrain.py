"""Train the universal network on synthetic images, for minutes or for days; a stop costs nothing.

    python scripts/pretrain.py --state DIR [--minutes M] [--images N]     # starts, or resumes what is in DIR
    python scripts/pretrain.py --state DIR --decay 200000                 # learning rate to zero over so many images, then stop
    python scripts/pretrain.py --state DIR --from-stable                  # resume from before the decay
    python scripts/pretrain.py --state DIR --processes 2                  # one process per core, which average their gradients

The learning rate rises, stays constant, and falls only when you ask for it: no budget has to be known in advance. DIR holds the
state (weights, their moving average, the optimiser, the place in the data) and log.jsonl. More fonts make better images: install
those of scripts/pretrain_fonts.txt first. Real images are never used, here or to choose anything here."""
import argparse, json, math, os, platform, shutil, signal, tempfile, time
from pathlib import Path

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')    # threads that spin take the cores from each other
import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from safetensors import safe_open
from safetensors.torch import save_file

from captcha_ocr.data.files import atomic_file
from captcha_ocr.train.crnn import CRNN, layer_table
from captcha_ocr.train.ctc import CTCLoss
from captcha_ocr.train.distributed import average_gradients
from pretrain_data import CHARACTERS, CHARSET, GEOMETRY, Batches, validation_batches

NETWORK = dict(channels=[32,64,128,192], blocks=[1,1,1,1], pool='stride', features=192, hidden=128, rnn='gru', layers=1, standardized=True)

def memory()->tuple[int,int]: # megabytes of this process, and of its children
    def of(pid):
        try: return int(Path(f'/proc/{pid}/statm').read_text().split()[1])*os.sysconf('SC_PAGE_SIZE')/1e6
        except OSError: return 0
    return round(of(os.getpid())), round(sum(of(o.pid) for o in mp.active_children()))

def decoded(ids): # (N,L) ids of characters, padded with 0
    return [CHARACTERS.decode(i for i in row if i) for row in ids.tolist()]

class Threads:
    "Uses the number of threads that trains fastest now: beside busy neighbours, one thread often beats two that wait for each other."
    def __init__(self, most:int, trial:float=20, keep:float=400): # threads; seconds of a trial, seconds until the next trials
        self.choices, self.trial, self.keep = range(most, 0, -1), trial, keep
        self.begin()

    def begin(self):
        self.rates, self.todo = {}, list(self.choices)
        self.next()

    def next(self):
        self.now = self.todo.pop(0) if self.todo else max(self.rates, key=self.rates.get)
        self.n, self.since = 0, time.time()
        torch.set_num_threads(self.now)

    def __call__(self, n:int): # images of the batch that was trained on
        self.n += n
        seconds = time.time()-self.since
        if len(self.rates) < len(self.choices):
            if seconds > self.trial:
                self.rates[self.now] = self.n/seconds
                self.next()
        elif seconds > self.keep: self.begin()

class Team:
    "The processes that train together: each has batches of its own, all take the same step."
    def __init__(self, rank:int, size:int): self.rank, self.size = rank, size

    def average(self, params): # their gradients, in place
        if self.size > 1: average_gradients([p.grad for p in params])

    def gather(self, numbers): # the integers of every process, a list of lists by rank
        if self.size == 1: return [numbers]
        mine = torch.tensor(numbers)
        found = [torch.empty_like(mine) for _ in range(self.size)]
        dist.all_gather(found, mine)
        return [o.tolist() for o in found]

class Training:
    "The network, its moving average, the optimiser, and the place in the data."
    def __init__(self, args, team:Team):
        self.args, self.team, self.folder = args, team, Path(args.state)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file, self.stable = self.folder/'state.safetensors', self.folder/'stable.safetensors'
        self.device = torch.device(args.device)
        torch.manual_seed(args.seed)
        self.model = CRNN(len(CHARSET)+1, GEOMETRY, **args.network).to(self.device)
        self.average = {k: v.detach().clone() for k,v in self.model.state_dict().items()}
        matrices = [p for p in self.model.parameters() if p.ndim > 1]
        self.params = matrices + [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [dict(params=matrices, weight_decay=args.wd), dict(params=self.params[len(matrices):], weight_decay=0.)]
        self.opt = torch.optim.AdamW(groups, lr=args.lr, betas=(.9,.98), fused=True)
        self.loss, self.losses, self.norms, self.skipped = CTCLoss(), [], [], 0
        self.at = dict(seen=0, step=0, places=[], seconds=0., decay_from=None, decay=None)
        self.stop = False

    def load(self, file):
        with safe_open(file, 'pt', device=str(self.device)) as f:
            tensors, meta = {k: f.get_tensor(k) for k in f.keys()}, json.loads(f.metadata()['state'])
        if (meta['network'], meta['charset']) != (self.args.network, CHARSET): raise SystemExit(f'{file}: belongs to another network or charset')
        part = lambda start: {k.removeprefix(start): v for k,v in tensors.items() if k.startswith(start)}
        self.model.load_state_dict(part('model.'))
        self.average, self.at = part('ema.'), meta['at']
        for k,v in part('opt.').items():
            i, name = k.split('.')
            p = self.params[int(i)]    # moments need the memory layout of their weights
            self.opt.state[p][name] = torch.empty_like(p).copy_(v) if v.shape == p.shape else v

    def save(self, file):
        tensors = {f'model.{k}': v for k,v in self.model.state_dict().items()} | {f'ema.{k}': v for k,v in self.average.items()}
        for i,p in enumerate(self.params): tensors |= {f'opt.{i}.{k}': v for k,v in self.opt.state[p].items()}
        meta = dict(at=self.at, network=self.args.network, charset=CHARSET, geometry=GEOMETRY._asdict(), seed=self.args.seed)
        with atomic_file(file) as part:
            save_file({k: v.detach().cpu().contiguous().clone() for k,v in tensors.items()}, part, {'state': json.dumps(meta)})

    def log(self, **row):
        print(json.dumps(row), flush=True)
        with open(self.folder/'log.jsonl', 'a') as f: f.write(json.dumps(row)+'\n')

    def rate(self): # learning rate of the next step
        at, rise = self.at, min(1, (self.at['step']+1)/self.args.warmup)
        left = 1. if at['decay_from'] is None else max(0., 1-(at['seen']-at['decay_from'])/at['decay'])
        return self.args.lr*rise*left

    def logits(self, x): # (N,H,W,3) uint8
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.args.bf16):
            return self.model(x.to(self.device).permute(0,3,1,2).float()/255)

    def step(self, x, y): # (N,H,W,3) uint8, (N,L) int64 padded with 0
        args, at = self.args, self.at
        for g in self.opt.param_groups: g['lr'] = self.rate()
        self.loss.beta = min(1., .02 + at['step']/args.anneal)    # annealed alignments: see nbs/43_train.ctc.ipynb
        y = y[:, :max(1, int((y > 0).sum(1).max()))].to(self.device)
        logits, without_context = self.logits(x)
        loss = self.loss(logits, y)
        self.opt.zero_grad()
        (loss + args.aux*self.loss(without_context, y)).backward()
        self.team.average(self.params)
        norm = torch.nn.utils.clip_grad_norm_(self.params, args.clip).item()
        if math.isfinite(loss.item()) and math.isfinite(norm): self.opt.step()
        else: self.skipped += 1
        at['step'] += 1
        at['seen'] += len(x)*self.team.size
        self.losses.append(loss.item())
        self.norms.append(norm)
        if not self.team.rank: self.update_average()

    def update_average(self):
        keep, now = min(self.args.ema, (1+self.at['step'])/(10+self.at['step'])), self.model.state_dict()
        floats = [k for k,v in self.average.items() if v.is_floating_point()]
        torch._foreach_lerp_([self.average[k] for k in floats], [now[k].detach() for k in floats], 1-keep)

    def validate(self, batches):
        "Exact match of the averaged weights on held-out synthetic images, with case and without."
        now = {k: v.clone() for k,v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        pairs, total = [], 0.
        with torch.no_grad():
            for x,y in batches:
                logits = self.logits(x).float().cpu()
                total += self.loss(logits, y, reduction='sum').item()
                pairs += zip(decoded(self.loss.decodes(logits)), decoded(y))
        self.model.load_state_dict(now)
        self.model.train()
        exact, folded = np.mean([(a == b, a.casefold() == b.casefold()) for a,b in pairs], 0)
        return dict(valid_n=len(pairs), valid_nll=round(total/len(pairs), 4), exact=round(exact, 4), folded=round(folded, 4))

    def finished(self):
        at = self.at
        decayed = at['decay_from'] is not None and at['seen'] >= at['decay_from']+at['decay']
        return decayed or bool(self.args.images and at['seen'] >= self.args.images)

    def restore(self):
        "Load the state that the options ask for, and begin the decay."
        if self.args.from_stable: self.load(self.stable)
        elif self.file.exists(): self.load(self.file)
        if self.args.decay and self.at['decay_from'] is None:
            if self.file.exists() and not self.team.rank: shutil.copy(self.file, self.stable)
            self.at |= dict(decay_from=self.at['seen'], decay=self.args.decay)

    def report(self, seconds): # since the last report
        n = len(self.losses)
        row = dict(seen=self.at['seen'], step=self.at['step'], loss=round(sum(self.losses)/n, 4), norm=round(float(np.median(self.norms)), 2),
                   lr=round(self.rate(), 6), per_second=round(n*self.args.bs*self.team.size/seconds, 1), rss=memory(), threads=torch.get_num_threads(),
                   hours=round(self.at['seconds']/3600, 4), skipped=self.skipped)
        self.losses, self.norms = [], []
        return row

    def place(self):
        "Group and batch at which this process starts: its own place, or a new group if their number was another."
        places, rank, size = self.at['places'], self.team.rank, self.team.size
        if len(places) == size: return places[rank]
        return max((group for group,_ in places), default=-1)+1+rank, 0

    def done(self, start): # whether this process wants to stop
        return self.stop or self.finished() or bool(self.args.minutes and time.time()-start > 60*self.args.minutes)

    def steps(self): # trains on a batch; yields whether it was the last one
        args, start, before = self.args, time.time(), self.at['seconds']
        batches = Batches(args.seed, args.bs, *self.place(), self.team.size, args.workers,
                          lambda: self.stop and self.team.size == 1)    # several processes stop after the same step
        threads = None if args.threads else Threads(os.cpu_count())
        self.model.train()
        for x,y in batches:
            self.step(x, y)
            if threads: threads(len(x))
            self.at['seconds'] = before + time.time()-start
            flags = self.team.gather([int(self.done(start)), batches.group, batches.batch])
            self.at['places'] = [place for _,*place in flags]
            done = any(flag for flag,*_ in flags)
            yield done
            if done: break
        batches.stop()

    def run(self):
        self.restore()
        if self.finished(): return print(f"{self.file}: finished after {self.at['seen']:,} images", flush=True)
        for o in (signal.SIGTERM, signal.SIGINT): signal.signal(o, lambda *_: setattr(self, 'stop', True))
        if self.team.rank:
            for _ in self.steps(): pass
            return
        args, valid = self.args, validation_batches(self.args.valid, self.args.bs)
        self.log(event='start', at=self.at, args=vars(args), torch=torch.__version__, machine=f'{os.cpu_count()} cores of {platform.machine()}',
                 macs=sum(o['macs'] for o in layer_table(self.model)), time=time.strftime('%Y-%m-%d %H:%M:%S'))
        logged = saved = validated = time.time()
        for done in self.steps():
            now = time.time()
            if done or now-logged > args.log_every:
                row = self.report(now-logged)
                if done or now-validated > args.valid_every: row, validated = row | self.validate(valid), time.time()
                self.log(**row)
                logged = time.time()
            if done or now-saved > args.save_every: self.save(self.file); saved = time.time()

def train(rank, args, meeting): # one of the processes; meeting: file where they find each other
    if args.threads: torch.set_num_threads(args.threads)
    if args.processes > 1: dist.init_process_group('gloo', init_method=f'file://{meeting}', rank=rank, world_size=args.processes)
    Training(args, Team(rank, args.processes)).run()

def options():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    add = p.add_argument
    add('--state', required=True, help='folder of the state and the log; a training in it resumes')
    add('--minutes', type=float, help='stop after this time')
    add('--images', type=int, help='stop after this number of images')
    add('--decay', type=int, help='let the learning rate fall to zero over this number of images, then stop')
    add('--from-stable', action='store_true', help='resume from before the decay')
    add('--lr', type=float, default=1.5e-3)
    add('--wd', type=float, default=.05)
    add('--bs', type=int, default=64, help='images in a batch')
    add('--warmup', type=int, default=300, help='updates until the learning rate is at its highest')
    add('--anneal', type=int, default=500, help='updates with annealed alignments')
    add('--aux', type=float, default=.5, help='weight of the loss without context')
    add('--clip', type=float, default=20., help='largest norm of the gradient')
    add('--ema', type=float, default=.999, help='share that the averaged weights keep in an update')
    add('--seed', type=int, default=1)
    add('--processes', type=int, default=1, help='processes that train together, each on batches of --bs')
    add('--workers', type=int, default=1, help='processes that generate images, for each process that trains')
    add('--threads', type=int, default=0, help='threads of the network; 0: the number that is fastest beside other programs')
    add('--device', default='cpu')
    add('--float32', dest='bf16', action='store_false', help='no mixed precision')
    add('--valid', type=int, default=1000, help='held-out synthetic images')
    add('--valid-every', type=float, default=300, help='seconds')
    add('--log-every', type=float, default=30, help='seconds')
    add('--save-every', type=float, default=120, help='seconds')
    add('--network', type=json.loads, default={}, help='options of CRNN that differ from the universal network, as JSON')
    args = p.parse_args()
    args.network = NETWORK | args.network
    if args.processes > 1: args.threads = args.threads or 1
    return args

def main():
    args = options()
    with tempfile.TemporaryDirectory() as d:
        others = [mp.get_context('spawn').Process(target=train, args=(rank, args, Path(d)/'meeting')) for rank in range(1, args.processes)]
        for o in others: o.start()
        train(0, args, Path(d)/'meeting')
        for o in others: o.join()

if __name__ == '__main__': main()
