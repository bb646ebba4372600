'use strict'
// The page for one image at a time. What the server says is put in place as text, never as HTML.
const $ = id => document.getElementById(id), { client, review } = document.body.dataset
const csrf = document.querySelector('meta[name=csrf]').content
let item = null, past = [], guesses = [], guess = 0, busy = false, conflict = false, first = '', round = null

async function ask(path, body) {
  const how = body && { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf } }
  let reply
  try { reply = await fetch(path, how) } catch { throw Object.assign(new Error('The server does not answer. Start it again, then press Enter: what you typed is still here.'), { status: 0 }) }
  const said = await reply.json().catch(() => ({ error: `The server answered ${reply.status}` }))
  if (!reply.ok) throw Object.assign(new Error(said.error), { status: reply.status, said })
  return said
}

function say(text, trouble = false) { $('message').textContent = text || '\u00a0'; $('message').classList.toggle('trouble', trouble) }

// The characters behind the field, coloured by confidence as long as they are the suggestion's.
function colour() {
  const text = $('text').value, chars = item?.suggestion?.chars || [], shown = guesses[guess] === item?.suggestion?.text
  $('mirror').replaceChildren(...[...text].map((c, i) => {
    const span = document.createElement('span'), known = shown && chars[i]?.[0] === c
    span.textContent = c
    if (known && chars[i][1] < .9) span.className = chars[i][1] < .6 ? 'doubtful' : 'unsure'
    return span
  }))
  $('mirror').scrollLeft = $('text').scrollLeft
}

function fill(text) { $('text').value = text; first = $('text').value; $('text').select(); colour() }

function note() {
  const s = item.suggestion, parts = []
  if (item.audit) parts.push(`Labelled “${item.audit.label}”, read “${item.audit.text}” with ${percent(item.audit.confidence)}; ↓ takes the reading.`)
  else if (item.status === 'labelled') parts.push('Labelled already.')
  else if (item.status) parts.push(`Marked ${item.status}.`)
  else if (s?.text) parts.push(`Suggested with ${percent(s.confidence)}.`)
  if (item.error) parts.push(item.error)
  else if (!item.audit && s?.unfamiliar) parts.push(`Unlike the training images: ${s.unfamiliar}.`)
  $('note').textContent = parts.join(' ') || '\u00a0'
}

const percent = p => `${Math.floor(p * 100)}% confidence`

function show(next, draft) {
  item = next; conflict = false
  const off = !item
  for (const o of ['text', 'accept', 'skip', 'unreadable']) $(o).disabled = off
  if (off) {
    $('image').removeAttribute('src'); $('name').textContent = ''; $('note').textContent = ''; fill('')
    $('image').alt = ''; say(review ? 'The list is done.' : 'Every image has been looked at.'); $('back').focus(); return
  }
  $('image').src = `/image/${item.id}.png`; $('image').alt = `The image ${item.name}`; $('name').textContent = item.name
  const own = item.audit ? item.audit.label : item.text
  guesses = [...new Set([own, ...(item.audit ? [item.audit.text] : []), item.suggestion?.text, ...(item.suggestion?.alternatives || [])].filter(o => o))]
  guess = 0
  note(); fill(guesses[0] || '')
  if (draft != null) { $('text').value = draft; colour() }
  $('text').focus()
}

function progress(p) {
  $('bar').max = p.total; $('bar').value = p.total - p.left
  const parts = [`${p.labelled} labelled`, p.unreadable && `${p.unreadable} unreadable`, p.skipped && `${p.skipped} skipped`, `${p.left} left`,
    p.per_minute && `${p.per_minute} a minute`, p.minutes_left && `about ${p.minutes_left} min to go`, p.reading && `${p.reading} still to be read`]
  $('counts').textContent = parts.filter(o => o).join(' · ')
  $('gain').textContent = p.gain; $('training').textContent = p.training
  document.title = `${p.left} left · captcha-ocr`
  if (round !== null && round !== p.round && item && $('text').value === first && !item.status) load(item.id)
  round = p.round
}

const order = () => $('order')?.value || ''

async function load(id) {
  const said = await ask(`/api/next?client=${client}&order=${order()}${id ? `&image=${id}` : ''}`)
  show(said.item); progress(said.progress)
}

async function attempt(work) {
  if (busy) return
  busy = true; document.body.setAttribute('aria-busy', 'true')
  try { await work() } catch (e) {
    if (e.status === 403) { sessionStorage.draft = JSON.stringify([item.id, $('text').value]); location.reload(); return }
    if (e.status === 409) {
      item.version = e.said.item.version; conflict = true
      say(`Labelled “${e.said.item.text || e.said.item.status}” elsewhere meanwhile. Enter saves yours, Tab keeps theirs.`, true)
    } else say(e.message, true)
  } finally { busy = false; document.body.removeAttribute('aria-busy') }
}

const save = status => attempt(async () => {
  if (!item) return
  const text = status === 'labelled' ? $('text').value : ''
  if (status === 'labelled' && !text) return say('Type what it says, or press Esc if it cannot be read.', true)
  const same = status === 'labelled' && item.status === 'labelled' && text === first && !item.audit && !conflict
  if (same) { past.push(item.id); return load() }
  const said = await ask('/api/label', { id: item.id, text, status, version: item.version, shown: item.status || item.audit ? '' : item.suggestion?.text || '', client, order: order() })
  past.push(item.id)
  say(status === 'labelled' ? `Saved ${text}` : `Marked ${status}`)
  show(said.item); progress(said.progress)
})

const skip = () => {
  if (!item) return
  if (item.audit) return attempt(async () => { past.push(item.id); say('Left as it is'); const said = await ask('/api/pass', { id: item.id, client }); show(said.item); progress(said.progress) })
  if (item.status || conflict) return attempt(async () => { past.push(item.id); say(''); await load() })
  return save('skipped')
}
const back = () => attempt(async () => { if (past.length) { say(''); await load(past.pop()) } else say('This is the first one.') })

$('form').addEventListener('submit', e => { e.preventDefault(); save('labelled') })
$('skip').addEventListener('click', skip)
$('back').addEventListener('click', back)
$('unreadable').addEventListener('click', () => save('unreadable'))
$('text').addEventListener('input', () => { colour(); if (!conflict) say('') })
$('text').addEventListener('scroll', colour)
$('order')?.addEventListener('change', () => attempt(() => load()))
$('image').addEventListener('error', () => { if (item) $('image').alt = 'This image cannot be shown' })

$('text').addEventListener('keydown', e => {
  if (e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return
  const untouched = $('text').value === '' || $('text').value === first && $('text').selectionStart === 0 && $('text').selectionEnd === first.length
  const keys = {
    Tab: () => e.shiftKey ? false : skip(),
    Escape: () => save('unreadable'),
    Backspace: () => untouched && !e.repeat ? back() : false,
    ArrowDown: () => turn(1), ArrowUp: () => turn(-1),
  }
  if (keys[e.key] && keys[e.key]() !== false) e.preventDefault()
})

function turn(by) {
  if (guesses.length < 2) return
  guess = (guess + by + guesses.length) % guesses.length
  $('text').value = guesses[guess]; $('text').select(); colour()
}

attempt(async () => {
  const [id, draft] = JSON.parse(sessionStorage.draft || '[]')
  sessionStorage.removeItem('draft')
  const said = await ask(`/api/next?client=${client}&order=${order()}&image=${id || new URLSearchParams(location.search).get('image') || ''}`)
  show(said.item, id ? draft : null); progress(said.progress)
})
setInterval(() => { if (!busy && !document.hidden) ask('/api/progress').then(progress, () => {}) }, 3000)
