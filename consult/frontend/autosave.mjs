// Saves a page of answers while someone types. Answers that cannot be saved wait in this browser, through a lost connection
// or a closed tab, and are restored and saved when the page is next opened.
import { entriesUnder, forget, isOf, keep } from './device.mjs'

// All in milliseconds.
const AFTER_LAST_KEY = 1500
const AT_LEAST_EVERY = 10000 // while someone types without a pause
const SAVE_TIMEOUT = 10000
const HOLD_SUBMIT = 3000 // while a save is under way
const FIRST_RETRY = 5000
const LONGEST_RETRY = 30000
// Hidden fields: not answers.
const NOT_ANSWERS = ['csrfmiddlewaretoken', 'seen', 'tried', 'draft', 'edition', 'email_meant']
// More marks of what had no reply than anyone needs.
const MOST_TRIED = 100

// Someone is leaving for their own safety: nothing more is kept or saved.
let stopped = false
export function stopSaving() {
  stopped = true
}

// The CRC-32 of a text, which the service works out of what it has: is that what was sent from here?
function markOf(text) {
  let crc = -1
  for (const byte of new TextEncoder().encode(text.replace(/\r\n?/g, '\n'))) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (~crc >>> 0).toString(16)
}

// `settled`: when the other parts' answers have been saved. Two requests at once could start two drafts.
export function autosave(form, settled) {
  const seen = form.elements.seen
  const tried = form.elements.tried
  const draft = form.elements.draft
  const status = form.querySelector('[data-save-status]')
  const announcement = form.querySelector('[data-save-announcement]')
  const messages = status.dataset
  const resolving = 'conflict' in form.dataset
  let changed = false
  let changedSince = 0
  let saving = null
  let timer = 0
  let retryAfter = FIRST_RETRY
  let shown = ''
  let warned = false
  let gone = false

  // The page shows every save. Screen readers hear only a change of state, so that they do not interrupt each sentence.
  function show(state, at = '') {
    status.textContent = at ? `${messages[state]} ${at}` : messages[state]
    if (state !== shown) announcement.textContent = status.textContent
    shown = state
  }

  const answers = () => [...new FormData(form)].filter(([name]) => !NOT_ANSWERS.includes(name))
  // Another response's stays for its own page or receipt, and is not mixed with this one.
  const found = entriesUnder(location.pathname).filter((other) => other.path === location.pathname && isOf(other, draft.value)).pop()
  const entry = (submitted = false) => ({
    path: location.pathname,
    draft: draft.value,
    // Until someone has chosen between two versions, what was kept still knows only the earlier one, and so asks again.
    seen: resolving && !submitted && found ? found.seen : seen.value,
    tried: tried.value,
    edition: form.elements.edition.value,
    answers: answers(),
    submitted,
    at: Date.now(),
  })

  // Kept before it is sent, since this page may be gone before the reply.
  function noteTried() {
    const sent = new Map()
    for (const [name, value] of answers()) sent.set(name, sent.has(name) ? `${sent.get(name)}\n${value}` : value)
    const marks = [...sent].map(([name, value]) => `${name}:${markOf(value)}`)
    tried.value = [...new Set([...tried.value.split(' ').filter(Boolean), ...marks])].slice(-MOST_TRIED).join(' ')
  }

  function restore() {
    for (const field of form.elements) {
      const values = found.answers.filter(([name]) => name === field.name).map(([, value]) => value)
      if (!field.name || field.type === 'hidden' || field.type === 'submit') continue
      if (field.type === 'radio' || field.type === 'checkbox') field.checked = values.includes(field.value)
      else field.value = values[0] ?? ''
    }
    // The server can then tell if someone else has changed the page since.
    seen.value = found.seen
    tried.value = found.tried ?? ''
    changed = true
    forget(found)
    keep(entry())
    show('restored')
    saveIn(AFTER_LAST_KEY)
  }

  function saveIn(milliseconds) {
    clearTimeout(timer)
    timer = setTimeout(save, milliseconds)
  }

  function onChange() {
    changed = true
    changedSince ||= Date.now()
    keep(entry())
    saveIn(Math.min(AFTER_LAST_KEY, Math.max(0, changedSince + AT_LEAST_EVERY - Date.now())))
  }

  function save(keepalive = false) {
    clearTimeout(timer)
    if (!changed || resolving || gone || saving || stopped) return saving
    if (!navigator.onLine) return show('offline')
    changed = false
    changedSince = 0
    saving = post(keepalive === true).finally(() => {
      saving = null
    })
    return saving
  }

  async function post(keepalive) {
    try {
      await settled
      noteTried()
      keep(entry())
      const body = new URLSearchParams(new FormData(form))
      const reply = await fetch(form.dataset.saveUrl, { method: 'POST', body, keepalive, signal: AbortSignal.timeout(SAVE_TIMEOUT) })
      if (reply.status === 409) {
        // Trying again would not help. The answers stay in the form and in this browser.
        gone = true
        return show('gone')
      }
      if (!reply.ok) throw new Error(reply.status)
      const saved = await reply.json()
      forget(entry())
      seen.value = saved.seen
      tried.value = ''
      draft.value = saved.draft
      retryAfter = FIRST_RETRY
      if (saved.elsewhere) show('elsewhere', saved.elsewhere)
      else if (saved.tooLong) show('tooLong')
      else show('saved', saved.at)
      if (changed) saveIn(AFTER_LAST_KEY)
      if (changed || saved.elsewhere || saved.tooLong) keep(entry())
    } catch {
      changed = true
      show(navigator.onLine ? 'unsaved' : 'offline')
      saveIn(retryAfter)
      retryAfter = Math.min(retryAfter * 2, LONGEST_RETRY)
    }
  }

  if (found && 'unkept' in form.dataset) keep({ ...found, submitted: false })
  else if (found && ('returned' in form.dataset || JSON.stringify(found.answers) === JSON.stringify(answers()))) forget(found)
  else if (found) restore()
  document.querySelector('[data-discard]')?.addEventListener('click', () => forget(entry()))

  form.addEventListener('input', onChange)
  form.addEventListener('change', onChange)
  window.addEventListener('online', () => save())
  window.addEventListener('offline', () => show('offline'))
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') save(true)
  })
  // Leaving by a link saves first, so that the next page shows what was typed here.
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href]')
    const elsewhere = !link || link.origin !== location.origin || link.target || link.closest('.govuk-exit-this-page')
    const here = link && link.pathname === location.pathname && link.hash
    if (elsewhere || here || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    if ((!changed && !saving) || gone || resolving || !navigator.onLine) return
    event.preventDefault()
    const go = () => location.assign(link.href)
    const saved = Promise.resolve(saving).then(() => save())
    Promise.race([saved, new Promise((done) => setTimeout(done, HOLD_SUBMIT))]).then(go)
  })
  form.addEventListener('submit', (event) => {
    if (!navigator.onLine && !warned) {
      // The browser may be wrong about that, so a second press goes through.
      warned = true
      event.preventDefault()
      show('offline')
    } else if (saving) {
      // Two requests at once could start two drafts.
      event.preventDefault()
      const submitAgain = () => {
        saving = null
        form.requestSubmit(event.submitter)
      }
      Promise.race([saving, new Promise((done) => setTimeout(done, HOLD_SUBMIT))]).then(submitAgain)
    } else {
      clearTimeout(timer)
      changed = false
      noteTried()
      keep(entry(true))
    }
  })
  // A page that comes back from the browser's cache may be older than the last save.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted && !changed) location.reload()
  })
}
