// The page for one image at a time
import { $, ask, isStale, notify, percent, showProgress } from './label_api.js'

const { review } = document.body.dataset
// A reload is the same client, so that it keeps its image.
const client = sessionStorage.client ||= document.body.dataset.client
let item = null, past = [], guesses = [], guess = 0, busy = false, conflict = false, first = '', round = null

// The characters behind the field, coloured by confidence while they are those of the suggestion
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
  if (item.conflict) parts.push(`labels.csv has “${item.conflict.text || item.conflict.status}”, but “${item.text || item.status}” was saved later. ↓ takes the other, Tab keeps the saved one.`)
  else if (item.audit) parts.push(`Labelled “${item.audit.label}”, read “${item.audit.text}” with ${percent(item.audit.confidence)}. ↓ takes the reading.`)
  else if (item.status === 'labelled') parts.push('Already labelled.')
  else if (item.status) parts.push(`Marked ${item.status}.`)
  else if (s?.text) parts.push(`Suggested with ${percent(s.confidence)}.`)
  if (item.error) parts.push(item.error)
  else if (!item.audit && s?.unfamiliar) parts.push(`Unlike the training images: ${s.unfamiliar}.`)
  $('note').textContent = parts.join(' ') || '\u00a0'
}

function showEnd() {
  $('image').removeAttribute('src')
  $('image').alt = $('name').textContent = $('note').textContent = ''
  fill('')
  notify(review ? 'The list is done.' : 'All images are done.')
  $('back').focus()
}

function show(next, draft) {
  item = next
  conflict = false
  for (const o of ['text', 'accept', 'skip', 'unreadable']) $(o).disabled = !item
  if (!item) return showEnd()
  $('image').src = `/image/${item.id}.png`
  $('image').alt = `The image ${item.name}`
  $('name').textContent = item.name
  const own = item.audit ? [item.audit.label, item.audit.text] : [item.text, item.conflict?.text]
  guesses = [...new Set([...own, item.suggestion?.text, ...(item.suggestion?.alternatives || [])].filter(o => o))]
  guess = 0
  note()
  fill(guesses[0] || '')
  if (draft != null) { $('text').value = draft; colour() }
  $('text').focus()
}

function progress(p) {
  showProgress(p, [p.unreadable && `${p.unreadable} unreadable`, p.skipped && `${p.skipped} skipped`])
  document.title = `${p.left} left · captcha_ocr`
  if (round !== null && round !== p.round && item && $('text').value === first && !item.status) load(item.id)
  round = p.round
}

const order = () => $('order')?.value || ''

async function load(id, draft) {
  const reply = await ask('/api/next', { client, order: order(), image: id || '' })
  show(reply.item, draft)
  progress(reply.progress)
}

function fail(error) {
  if (isStale(error)) {
    sessionStorage.draft = JSON.stringify([item.id, $('text').value])
    return location.reload()
  }
  if (error.status !== 409) return notify(error.message, true)
  const theirs = error.reply.item
  item.version = theirs.version
  conflict = true
  notify(`Labelled “${theirs.text || theirs.status}” in another browser. Enter saves your text, Tab keeps theirs.`, true)
}

async function attempt(work) {
  if (busy) return
  busy = true
  document.body.setAttribute('aria-busy', 'true')
  try { await work() } catch (e) { fail(e) } finally { busy = false; document.body.removeAttribute('aria-busy') }
}

const save = (status, kept) => attempt(async () => {
  if (!item) return
  const text = kept ?? (status === 'labelled' ? $('text').value : '')
  if (status === 'labelled' && !text) return notify('Type the text, or press Esc if it is unreadable.', true)
  const same = status === 'labelled' && item.status === 'labelled' && text === first && !item.audit && !item.conflict && !conflict
  if (same) { past.push(item.id); return load() }
  const shown = item.status || item.audit ? '' : item.suggestion?.text || ''
  const reply = await ask('/api/label', { id: item.id, text, status, version: item.version, shown, client, order: order() })
  past.push(item.id)
  notify(status === 'labelled' ? `Saved ${text}` : `Marked ${status}`)
  show(reply.item)
  progress(reply.progress)
})

const keepAudited = () => attempt(async () => {
  past.push(item.id)
  notify('Label kept')
  const reply = await ask('/api/pass', { id: item.id, client })
  show(reply.item)
  progress(reply.progress)
})

function skip() {
  if (!item) return
  if (item.audit) return keepAudited()
  if (item.conflict && !conflict) return save(item.status, item.text)
  if (!item.status && !conflict) return save('skipped')
  return attempt(async () => { past.push(item.id); notify(''); await load() })
}

const back = () => attempt(async () => {
  if (!past.length) return notify('This is the first image.')
  notify('')
  await load(past.pop())
})

function cycle(by) {
  if (guesses.length < 2) return
  guess = (guess + by + guesses.length) % guesses.length
  $('text').value = guesses[guess]
  $('text').select()
  colour()
}

$('form').addEventListener('submit', e => { e.preventDefault(); save('labelled') })
$('skip').addEventListener('click', skip)
$('back').addEventListener('click', back)
$('unreadable').addEventListener('click', () => save('unreadable'))
$('text').addEventListener('input', () => { colour(); if (!conflict) notify('') })
$('text').addEventListener('scroll', colour)
$('order')?.addEventListener('change', () => attempt(() => load()))
$('image').addEventListener('error', () => { if (item) $('image').alt = 'This image cannot be shown' })

$('text').addEventListener('keydown', e => {
  if (e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return
  const all = $('text').selectionStart === 0 && $('text').selectionEnd === first.length
  const untouched = $('text').value === '' || $('text').value === first && all
  const keys = {
    Tab: () => e.shiftKey ? false : skip(),
    Escape: () => save('unreadable'),
    Backspace: () => untouched && !e.repeat ? back() : false,
    ArrowDown: () => cycle(1), ArrowUp: () => cycle(-1),
  }
  if (keys[e.key] && keys[e.key]() !== false) e.preventDefault()
})

// After a reload because of a restart, the text that was being typed comes back.
attempt(async () => {
  const [id, draft] = JSON.parse(sessionStorage.draft || '[]')
  sessionStorage.removeItem('draft')
  const image = id || new URLSearchParams(location.search).get('image') || ''
  await load(image, id ? draft : null)
})
setInterval(() => { if (!busy && !document.hidden) ask('/api/progress').then(progress, () => {}) }, 3000)
