'use strict'
// A group at a time: the odd ones out are marked, the rest is accepted at once.
const $ = id => document.getElementById(id), csrf = document.querySelector('meta[name=csrf]').content
let group = null, passed = [], busy = false

async function ask(path, body) {
  const how = body && { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf } }
  const reply = await fetch(path, how).catch(() => { throw new Error('The server does not answer. Start it again and reload this page.') })
  const said = await reply.json().catch(() => ({ error: `The server answered ${reply.status}` }))
  if (reply.status === 403) location.reload()
  if (!reply.ok) throw new Error(said.error)
  return said
}

function say(text, trouble = false) { $('message').textContent = text || '\u00a0'; $('message').classList.toggle('trouble', trouble) }
const cells = () => [...$('cells').children], odd = () => cells().filter(o => o.getAttribute('aria-pressed') === 'true')

function count() { $('accept').firstChild.textContent = group ? `Accept ${cells().length - odd().length}` : 'Accept the rest' }

function show(found, reading) {
  group = found
  const chars = $('by').value === 'char'
  $('cells').classList.toggle('chars', chars)
  $('accept').disabled = $('later').disabled = !group
  $('title').replaceChildren()
  if (!group) $('title').textContent = reading ? 'The reader is still looking for groups…' : 'No group of two or more is left'
  else {
    const code = document.createElement('code')
    code.textContent = group.key
    $('title').append('Does each of these say ', code, '?')
  }
  $('cells').replaceChildren(...(group?.cells || []).map(o => {
    const button = document.createElement('button'), image = document.createElement('img')
    button.type = 'button'; button.setAttribute('aria-pressed', 'false')
    image.src = chars ? `/crop/${o.id}/${o.at}.png` : `/image/${o.id}.png`
    image.alt = `${o.name}, read ${o.text} with ${Math.floor(o.confidence * 100)}% confidence`; image.loading = 'lazy'
    button.title = image.alt
    button.append(image)
    button.addEventListener('click', () => { button.setAttribute('aria-pressed', button.getAttribute('aria-pressed') !== 'true'); count() })
    return button
  }))
  count()
  cells()[0]?.focus()
}

function progress(p) {
  $('bar').max = p.total; $('bar').value = p.total - p.left
  $('counts').textContent = [`${p.labelled} labelled`, `${p.left} left`, p.reading && `${p.reading} still to be read`].filter(o => o).join(' · ')
  $('gain').textContent = p.gain; $('training').textContent = p.training
}

async function attempt(work) {
  if (busy) return
  busy = true
  try { await work() } catch (e) { say(e.message, true) } finally { busy = false }
}

// While the reader is at work groups grow: look again, unless there is one to be looked at.
setInterval(() => { if (!group && !document.hidden) load() }, 1500)

const load = () => attempt(async () => {
  const said = await ask(`/api/group?by=${$('by').value}&passed=${encodeURIComponent(JSON.stringify(passed))}`)
  show(said.group, said.progress.reading); progress(said.progress)
})

const accept = () => attempt(async () => {
  if (!group) return
  const wrong = new Set(odd()), all = cells()
  const body = { by: $('by').value, key: group.key, cells: group.cells.map((o, i) => ({ ...o, odd: wrong.has(all[i]) })), passed }
  const said = await ask('/api/group', body)
  say([`${said.saved} ${said.saved === 1 ? 'image' : 'images'} labelled`, said.conflicts && `${said.conflicts} labelled elsewhere meanwhile and left alone`].filter(o => o).join(', '), !!said.conflicts)
  show(said.group, said.progress.reading); progress(said.progress)
})

function later() { if (group) { passed.push(group.key); load() } }

$('accept').addEventListener('click', accept)
$('later').addEventListener('click', later)
$('by').addEventListener('change', () => { passed = []; say(''); load() })
document.addEventListener('keydown', e => {
  if (e.target.tagName === 'SELECT' || e.target.tagName === 'A' || e.ctrlKey || e.metaKey || e.altKey) return
  const all = cells(), at = all.indexOf(document.activeElement), wide = all.filter(o => o.offsetTop === all[0]?.offsetTop).length
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide }[e.key]
  if (step && at >= 0) { e.preventDefault(); all[Math.max(0, Math.min(all.length - 1, at + step))].focus() }
  else if (e.key === 'Enter' && e.target.id !== 'later') { e.preventDefault(); accept() }
  else if (e.key === 'Escape') later()
})
load()
