// The reading screen without page loads: the same forms and links, sent and followed in the background, and keys for them.
// Everything works without this file.
import { announce, replaceDesk } from './desk_page.mjs'
import { selectedWords } from './desk_selection.mjs'
import { openPalette } from './desk_palette.mjs'
import { keysAreOn } from './keys.mjs'

const desk = () => document.querySelector('[data-desk]')
const answers = () => [...document.querySelectorAll('[data-answer]')]
let active = null
// What takes back what was done, the last first.
const undone = []

// One thing after another, each on the page that the one before it left: fast fingers lose nothing.
let last = Promise.resolve()
const queue = (act) => { last = last.then(act, act) }

const activeAnswer = () => answers().find((one) => one.dataset.answer === active) || answers()[0]

function activate (answer, { focus = true } = {}) {
  if (!answer) return
  active = answer.dataset.answer
  for (const one of answers()) one.classList.toggle('app-answer--active', one === answer)
  if (focus) {
    answer.focus({ preventScroll: true })
    answer.scrollIntoView({ block: 'nearest' })
  }
}

async function load (address, options = {}) {
  const before = desk().dataset.reference
  const shown = await replaceDesk(address, options)
  if (!shown) return false
  const moved = desk().dataset.reference !== before
  if (moved) {
    active = null
    window.scrollTo(0, 0)
  }
  activate(activeAnswer(), { focus: moved })
  showUndo()
  const problem = document.querySelector('[data-desk] .govuk-error-summary')
  if (problem) {
    problem.setAttribute('tabindex', '-1')
    problem.focus()
    document.querySelector('[data-desk] [aria-invalid]')?.focus()
  }
  announce(problem ? problem.textContent : moved ? desk().dataset.reference : stateOf(activeAnswer()))
  return !problem
}

// The codes that are ticked now or, by `is`, that it had when the page came.
const chosen = (answer, is = 'checked') => [...answer.querySelectorAll('[data-codes] [name=code]')].filter((box) => is === 'checked' ? box.checked : 'given' in box.dataset)
const stateOf = (answer) => answer ? chosen(answer).map((box) => nameOf(box)).join(', ') : ''
const nameOf = (box) => box.parentElement.querySelector('[data-name]')?.textContent || ''

// A form of this answer as data: what every form about a version carries, and what is added.
function dataOf (answer, fields) {
  const data = new FormData(answer.querySelector('[data-codes]'))
  for (const name of ['code', 'none']) data.delete(name)
  for (const [name, value] of fields) data.append(name, value)
  return data
}

const here = () => window.location.pathname + window.location.search
const post = (address, data, sent) => load(address, { method: 'POST', body: new URLSearchParams(data), sent })

// What an answer has now, as what has to be sent to have it again.
const codesNow = (answer) => codesOf(answer, 'checked')
const codesBefore = (answer) => codesOf(answer, 'as it came')

function codesOf (answer, is) {
  const none = answer.querySelector('[name=none]')
  const noneFits = is === 'checked' ? none.checked : 'given' in none.dataset
  return [['do', 'codes'], ...chosen(answer, is).map((box) => ['code', box.value]), ...(noneFits ? [['none', 'yes']] : [])]
}

const toUndo = (slug, fields) => ({ reference: desk().dataset.reference, address: here(), slug, fields })

// Gives or takes off a code of the whole answer.
async function set (answer, box, checked) {
  box.checked = checked
  if (box.name === 'none' && box.checked) for (const other of chosen(answer)) other.checked = false
  if (box.name === 'code' && box.checked) answer.querySelector('[name=none]').checked = false
  const undo = toUndo(answer.dataset.answer, codesBefore(answer))
  if (await post(here(), dataOf(answer, codesNow(answer)))) undone.push(undo)
  showUndo()
}

async function codePassage (words, code) {
  const answer = answers().find((one) => one.dataset.answer === words.question)
  if (!answer) return
  const had = new Set(codings(answer))
  const fields = [['do', 'passage'], ['code', code], ['start', words.start], ['end', words.end]]
  activate(answer, { focus: false })
  if (!await post(here(), dataOf(answer, fields))) return
  const made = codings(activeAnswer()).find((one) => !had.has(one))
  if (made) undone.push(toUndo(words.question, [['do', 'take-off'], ['coding', made]]))
  showUndo()
}
const codings = (answer) => [...answer.querySelectorAll('[data-coding]')].map((one) => one.dataset.coding)

// A key or a choice from the list: for the words that were selected when it was pressed, or else the whole answer.
function give (find, words) {
  queue(async () => {
    const answer = words ? answers().find((one) => one.dataset.answer === words.question) : activeAnswer()
    const box = answer && find(answer)
    if (!box) return
    window.getSelection().removeAllRanges()
    if (words && box.name === 'code') await codePassage(words, box.value)
    else await set(answer, box, !box.checked)
  })
}

async function undo () {
  const step = undone.pop()
  if (!step) return
  // On the page of its own response, whose forms carry the version that they were written for.
  if (desk().dataset.reference !== step.reference) await load(step.address)
  if (desk().dataset.reference !== step.reference) return
  if (step.slug) {
    const answer = answers().find((one) => one.dataset.answer === step.slug)
    if (!answer) return
    activate(answer)
    await post(step.address, dataOf(answer, step.fields))
  } else {
    const form = document.querySelector('[name=do][value=reopen]')?.form
    if (form) await post(step.address, formData(form, 'reopen'))
  }
}

function showUndo () {
  const button = document.querySelector('[data-undo]')
  if (button) button.hidden = !undone.length
}

function formData (form, act) {
  const data = new FormData(form)
  data.set('do', act)
  return data
}

// What would take back a form that was sent by its button.
function inverse (form, act) {
  const answer = form.closest('[data-answer]')
  if (act === 'considered' || act === 'set-aside') return toUndo('', [])
  if (act === 'codes' || act === 'new-code') return toUndo(answer.dataset.answer, codesBefore(answer))
  if (act === 'together') return toUndo(answer.dataset.answer, [['do', 'apart']])
  if (act === 'apart') return toUndo(answer.dataset.answer, [['do', 'together']])
  if (act === 'take-off') {
    const { start, end, code } = form.closest('[data-coding]').dataset
    return toUndo(answer.dataset.answer, [['do', 'passage'], ['code', code], ['start', start], ['end', end]])
  }
  return null
}

async function send (form, act) {
  const answer = form.closest('[data-answer]')
  if (answer) activate(answer, { focus: false })
  const back = inverse(form, act)
  if (await post(here(), formData(form, act), form) && back) undone.push(back)
  showUndo()
}

document.addEventListener('submit', (event) => {
  const form = event.target
  if (!form.closest('[data-desk]') || !event.submitter) return
  event.preventDefault()
  const { value } = event.submitter
  queue(() => send(form, value))
})

document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-desk-go], a[data-desk-key]')
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault()
    queue(() => load(link.href))
  } else if (event.target.closest('[data-undo]')) {
    queue(undo)
  } else {
    const answer = event.target.closest('[data-answer]')
    if (answer) activate(answer, { focus: false })
  }
})

document.addEventListener('change', (event) => {
  const box = event.target.closest('[data-codes] input')
  if (!box) return
  const { id, checked } = box
  activate(box.closest('[data-answer]'), { focus: false })
  queue(() => {
    // The page may have come again meanwhile.
    const again = document.getElementById(id)
    return again ? set(again.closest('[data-answer]'), again, checked) : null
  })
})

window.addEventListener('popstate', () => queue(() => load(window.location.href, { keep: true })))

const press = (selector) => queue(() => {
  const target = (activeAnswer() || document).querySelector(selector) || document.querySelector(`[data-desk] ${selector}`)
  if (!target) return
  if (target.matches('button')) return send(target.form, target.value)
  return load(target.href)
})

const step = (by) => queue(() => activate(answers()[answers().indexOf(activeAnswer()) + by]))

// While something is about to be opened to type in, what is typed is no key.
let opening = 0

function open (selector) {
  opening += 1
  queue(() => {
    opening -= 1
    const details = document.querySelector(selector)
    if (!details) return
    details.open = true
    const field = details.matches('[data-desk-keys]') ? null : details.querySelector('input:not([type=hidden])')
    ;(field || details.querySelector('summary')).focus()
  })
}

// Looks for a code by its name: for the words that are selected now, or else for the answer that has the focus.
function openForAnswer () {
  const words = selectedWords()
  const answer = words ? answers().find((one) => one.dataset.answer === words.question) : activeAnswer()
  if (!answer) return
  const slug = answer.dataset.answer
  const choose = (id) => give((one) => one.querySelector(`#${CSS.escape(id)}`), words)
  const make = (name, definition) => queue(async () => {
    const again = answers().find((one) => one.dataset.answer === slug)
    const before = again && codesBefore(again)
    const fields = [['do', 'new-code'], ['name', name], ['definition', definition]]
    if (again && await post(here(), dataOf(again, fields))) undone.push(toUndo(slug, before))
    showUndo()
  })
  openPalette(answer, choose, make)
}

const KEYS = new Map([
  ['c', () => press('[data-desk-key=c]')],
  ['j', () => press('[data-desk-go=j]')],
  ['k', () => press('[data-desk-go=k]')],
  ['g', () => press('[data-together]')],
  ['.', () => press('[data-as-last]')],
  ['u', () => queue(undo)],
  ['n', () => step(1)],
  ['p', () => step(-1)],
  ['x', () => open('[data-aside]')],
  ['t', () => open('[data-note]')],
  ['?', () => open('[data-desk-keys]')],
  ['/', openForAnswer],
])

document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input:not([type=checkbox]), textarea, select, dialog')
  if (!keysAreOn() || typing || event.ctrlKey || event.altKey || event.metaKey) return
  if (opening) {
    event.preventDefault()
    return
  }
  if (/^[0-9]$/.test(event.key)) {
    const { key } = event
    give((answer) => answer.querySelector(`[data-codes] [data-key="${key}"]`), selectedWords())
  } else if (KEYS.has(event.key)) {
    KEYS.get(event.key)()
  } else {
    return
  }
  event.preventDefault()
})

// Who else is here, as long as the page is looked at.
const SECONDS = 20
setInterval(async () => {
  const place = document.querySelector('[data-here]')
  if (!place || document.hidden) return
  try {
    const page = await fetch(place.dataset.here, { redirect: 'error' })
    if (page.ok) place.textContent = new DOMParser().parseFromString(await page.text(), 'text/html').body.textContent
  } catch { /* It is asked again. */ }
}, SECONDS * 1000)

document.querySelector('[data-desk]')?.classList.add('app-desk--live')
activate(answers()[0], { focus: false })
