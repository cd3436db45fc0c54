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
const NOT_ANSWERS = ['csrfmiddlewaretoken', 'seen', 'draft', 'email_meant']

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

// Once a response is sent, nothing of it stays in this browser: the next person may share this device.
export function forgetUnsaved() {
  forgetWhere(() => true)
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
      else show('saved', saved.at)
      if (changed) saveIn(AFTER_LAST_KEY)
      if (changed || saved.elsewhere) keep()
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
  const otherDraft = entry && entry.draft !== 'new' && entry.draft !== draft.value
  if (entry && ('returned' in form.dataset || otherDraft || JSON.stringify(entry.answers) === JSON.stringify(answers()))) store(key, null)
  else if (entry) restore(entry)

  form.addEventListener('input', onChange)
  form.addEventListener('change', onChange)
  window.addEventListener('online', () => save())
  window.addEventListener('offline', () => show('offline'))
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') save(true)
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
