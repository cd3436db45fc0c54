// Saves a page of answers while someone types. Answers that cannot be saved wait in this browser, through a lost connection
// or a closed tab, and are restored and saved when the page is next opened.

// All in milliseconds.
const AFTER_LAST_KEY = 1500
const AT_LEAST_EVERY = 10000 // while someone types without a pause
const SAVE_TIMEOUT = 10000
const HOLD_SUBMIT = 3000 // while a save is under way
const FIRST_RETRY = 5000
const LONGEST_RETRY = 30000
const UNSAVED = 'unsaved '
// Hidden fields: not answers.
const NOT_ANSWERS = ['csrfmiddlewaretoken', 'seen', 'draft', 'edition', 'email_meant']

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key))
  } catch {
    return null
  }
}

// A browser may refuse storage or have none left: then the server's copy is the only one.
function store(key, entry) {
  try {
    if (entry) localStorage.setItem(key, JSON.stringify(entry))
    else localStorage.removeItem(key)
  } catch { /* as above */ }
}

function forgetWhere(isDone) {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(UNSAVED) && isDone(key)) localStorage.removeItem(key)
  } catch { /* as above */ }
}

function entriesUnder(path) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(UNSAVED + path)).map((key) => [key, read(key)]).filter(([, entry]) => entry)
  } catch {
    return []
  }
}

// Once a response is sent, nothing of it stays in this browser: the next person may share this device. What was not sent with it
// stays, and is returned. Of a postcode only the first half is sent.
export function forgetSent(slug, sent) {
  const arrived = ([name, value]) => !value.trim() || name === 'postcode' || [sent[name] ?? []].flat().includes(value.replace(/\r\n?/g, '\n'))
  return entriesUnder(`/${slug}/respond/`).filter(([key, entry]) => {
    if (!entry.answers.every(arrived)) return true
    store(key, null)
    return false
  })
}

// The paths of the parts with answers that are not saved yet, of the draft with this mark.
export function unsavedParts(path, mark) {
  const theirs = ([, entry]) => !entry.submitted && (entry.draft === 'new' || entry.draft === mark)
  return entriesUnder(path).filter(theirs).map(([key]) => key.slice(UNSAVED.length))
}

export function forget(keys) {
  forgetWhere((key) => keys.includes(key))
}

export function autosave(form) {
  const key = UNSAVED + location.pathname
  const seen = form.elements.seen
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
  const keep = (submitted = false) => store(key, { draft: draft.value, seen: seen.value, answers: answers(), submitted })

  function restore(entry) {
    for (const field of form.elements) {
      const values = entry.answers.filter(([name]) => name === field.name).map(([, value]) => value)
      if (!field.name || field.type === 'hidden' || field.type === 'submit') continue
      if (field.type === 'radio' || field.type === 'checkbox') field.checked = values.includes(field.value)
      else field.value = values[0] ?? ''
    }
    // The server can then tell if someone else has changed the page since.
    seen.value = entry.seen
    changed = true
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
    keep()
    saveIn(Math.min(AFTER_LAST_KEY, Math.max(0, changedSince + AT_LEAST_EVERY - Date.now())))
  }

  function save(keepalive = false) {
    clearTimeout(timer)
    if (!changed || resolving || gone || saving) return saving
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
      const body = new URLSearchParams(new FormData(form))
      const reply = await fetch(form.dataset.saveUrl, { method: 'POST', body, keepalive, signal: AbortSignal.timeout(SAVE_TIMEOUT) })
      if (reply.status === 409) {
        // Trying again would not help. The answers stay in the form and in this browser.
        gone = true
        return show('gone')
      }
      if (!reply.ok) throw new Error(reply.status)
      const saved = await reply.json()
      seen.value = saved.seen
      draft.value = saved.draft
      retryAfter = FIRST_RETRY
      if (saved.elsewhere) show('elsewhere', saved.elsewhere)
      else if (saved.tooLong) show('tooLong')
      else show('saved', saved.at)
      if (changed) saveIn(AFTER_LAST_KEY)
      if (changed || saved.elsewhere || saved.tooLong) keep()
      else store(key, null)
    } catch {
      changed = true
      show(navigator.onLine ? 'unsaved' : 'offline')
      saveIn(retryAfter)
      retryAfter = Math.min(retryAfter * 2, LONGEST_RETRY)
    }
  }

  // Another of our pages has loaded since, so what Continue submitted has arrived.
  forgetWhere((other) => other !== key && read(other)?.submitted)
  const entry = read(key)
  // Another draft's stays for its own receipt or page, and is not mixed with this one.
  const otherDraft = entry && entry.draft !== 'new' && entry.draft !== draft.value
  if (entry && ('returned' in form.dataset || JSON.stringify(entry.answers) === JSON.stringify(answers()))) store(key, null)
  else if (entry && !otherDraft) restore(entry)

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
      keep(true)
    }
  })
  // A page that comes back from the browser's cache may be older than the last save.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted && !changed) location.reload()
  })
}
