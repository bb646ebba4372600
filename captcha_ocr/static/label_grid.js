// A group at a time: mark the cells that do not belong, accept the rest.
import { $, ask, isStale, notify, percent, showProgress } from './label_api.js'

let group = null, passed = [], busy = false

const cells = () => [...$('cells').children]
const isOdd = cell => cell.getAttribute('aria-pressed') === 'true'
const byChar = () => $('by').value === 'char'

function count() {
  const n = cells().filter(o => !isOdd(o)).length
  $('accept').firstChild.textContent = group ? `Accept ${n}` : 'Accept the rest'
}

function cell(o) {
  const button = document.createElement('button'), image = document.createElement('img')
  button.type = 'button'
  button.setAttribute('aria-pressed', 'false')
  image.src = byChar() ? `/crop/${o.id}/${o.at}.png` : `/image/${o.id}.png`
  image.alt = button.title = `${o.name}, read ${o.text} with ${percent(o.confidence)}`
  image.loading = 'lazy'
  button.append(image)
  button.addEventListener('click', () => { button.setAttribute('aria-pressed', !isOdd(button)); count() })
  return button
}

function show(found, reading) {
  group = found
  $('cells').classList.toggle('chars', byChar())
  $('accept').disabled = $('later').disabled = !group
  $('cells').replaceChildren(...(group?.cells || []).map(cell))
  if (group) {
    const code = document.createElement('code')
    code.textContent = group.key
    $('title').replaceChildren('Are all of these ', code, '?')
  } else $('title').textContent = reading ? 'Still reading images …' : 'No group of two or more is left'
  count()
  cells()[0]?.focus()
}

async function attempt(work) {
  if (busy) return
  busy = true
  try { await work() } catch (e) { isStale(e) ? location.reload() : notify(e.message, true) } finally { busy = false }
}

function update(reply) {
  show(reply.group, reply.progress.reading)
  showProgress(reply.progress)
}

const load = () => attempt(async () => {
  update(await ask(`/api/group?by=${$('by').value}&passed=${encodeURIComponent(JSON.stringify(passed))}`))
})

const accept = () => attempt(async () => {
  if (!group) return
  const odd = cells().map(isOdd)
  const reply = await ask('/api/group', { by: $('by').value, key: group.key, cells: group.cells.map((o, i) => ({ ...o, odd: odd[i] })), passed })
  const saved = `${reply.saved} ${reply.saved === 1 ? 'image' : 'images'} labelled`
  notify(reply.conflicts ? `${saved}, ${reply.conflicts} already labelled in another browser` : saved, reply.conflicts > 0)
  update(reply)
})

function later() { if (group) { passed.push(group.key); load() } }

$('accept').addEventListener('click', accept)
$('later').addEventListener('click', later)
$('by').addEventListener('change', () => { passed = []; notify(''); load() })
document.addEventListener('keydown', e => {
  if (e.target.tagName === 'SELECT' || e.target.tagName === 'A' || e.ctrlKey || e.metaKey || e.altKey) return
  const all = cells(), at = all.indexOf(document.activeElement), columns = all.filter(o => o.offsetTop === all[0]?.offsetTop).length
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[e.key]
  if (step && at >= 0) { e.preventDefault(); all[Math.max(0, Math.min(all.length - 1, at + step))].focus() }
  else if (e.key === 'Enter' && e.target.id !== 'later') { e.preventDefault(); accept() }
  else if (e.key === 'Escape') later()
})

// Groups grow while the reader works.
setInterval(() => { if (!group && !document.hidden) load() }, 1500)
load()
