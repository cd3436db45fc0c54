// What is typed into a part of a response is saved as it is typed. What could not be saved waits in this browser, through
// a lost connection or a closed tab, and is put back and saved when the page is opened again.

const PAUSE = 1500 // after the last key, in milliseconds
const LONGEST = 10000 // however long somebody types without a pause
const PATIENCE = 10000 // with one save
const HOLD_CONTINUE = 3000 // while a save is under way
const RETRY = 5000
const UNSAVED = 'unsaved '
// Fields that nobody types into.
const OURS = ['csrfmiddlewaretoken', 'seen', 'draft', 'email_meant']

function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key))
  } catch {
    return null
  }
}

// A browser may keep nothing for us, or be full: then the server's copy is the only one.
function store(key, entry) {
  try {
    if (entry) localStorage.setItem(key, JSON.stringify(entry))
    else localStorage.removeItem(key)
  } catch { /* as above */ }
}

function forgetWhere(isOver) {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(UNSAVED) && isOver(key)) localStorage.removeItem(key)
  } catch { /* as above */ }
}

// After sending nothing of it stays in this browser: the next person at this device is somebody else.
export function forgetAll() {
  forgetWhere(() => true)
}

export function saveAsTyped(form) {
  const key = UNSAVED + location.pathname
  const seen = form.elements.seen
  const draft = form.elements.draft
  const quiet = form.querySelector('[data-saving]')
  const aloud = form.querySelector('[data-aloud]')
  const words = quiet.dataset
  const choosing = 'choosing' in form.dataset
  let changed = false
  let since = 0
  let sending = null
  let timer = 0
  let wait = RETRY
  let state = ''
  let warned = false
  let gone = false

  // The eye sees each save; the ear is told only when something is otherwise than before.
  function say(what, at = '') {
    quiet.textContent = at ? `${words[what]} ${at}` : words[what]
    if (what !== state) aloud.textContent = quiet.textContent
    state = what
  }

  const answers = () => [...new FormData(form)].filter(([name]) => !OURS.includes(name))
  const remember = (submitted = false) => store(key, { draft: draft.value, seen: seen.value, answers: answers(), submitted })

  function putBack(entry) {
    for (const field of form.elements) {
      const given = entry.answers.filter(([name]) => name === field.name).map(([, value]) => value)
      if (!field.name || field.type === 'hidden' || field.type === 'submit') continue
      if (field.type === 'radio' || field.type === 'checkbox') field.checked = given.includes(field.value)
      else field.value = given[0] ?? ''
    }
    // The server then sees whether somebody else changed the page meanwhile.
    seen.value = entry.seen
    changed = true
    say('restored')
    later(PAUSE)
  }

  function later(milliseconds) {
    clearTimeout(timer)
    timer = setTimeout(save, milliseconds)
  }

  function typed() {
    changed = true
    since ||= Date.now()
    remember()
    later(Math.min(PAUSE, Math.max(0, since + LONGEST - Date.now())))
  }

  function save(keepalive = false) {
    clearTimeout(timer)
    if (!changed || choosing || gone || sending) return sending
    if (!navigator.onLine) return say('offline')
    changed = false
    since = 0
    sending = post(keepalive === true).finally(() => {
      sending = null
    })
    return sending
  }

  async function post(keepalive) {
    try {
      const body = new URLSearchParams(new FormData(form))
      const reply = await fetch(form.dataset.saves, { method: 'POST', body, keepalive, signal: AbortSignal.timeout(PATIENCE) })
      if (reply.status === 409) {
        // Trying again would not help. What was typed stays in the form and in this browser.
        gone = true
        return say('gone')
      }
      if (!reply.ok) throw new Error(reply.status)
      const now = await reply.json()
      seen.value = now.seen
      draft.value = now.draft
      wait = RETRY
      if (now.elsewhere) say('elsewhere', now.elsewhere)
      else say('saved', now.at)
      if (changed) later(PAUSE)
      if (changed || now.elsewhere) remember()
      else store(key, null)
    } catch {
      changed = true
      say(navigator.onLine ? 'unsaved' : 'offline')
      later(wait)
      wait = Math.min(wait * 2, 30000)
    }
  }

  // Another page of ours has come up since: what was sent with Continue has arrived.
  forgetWhere((other) => other !== key && stored(other)?.submitted)
  const entry = stored(key)
  const another = entry && entry.draft !== 'new' && entry.draft !== draft.value
  if (entry && ('posted' in form.dataset || another || JSON.stringify(entry.answers) === JSON.stringify(answers()))) store(key, null)
  else if (entry) putBack(entry)

  form.addEventListener('input', typed)
  form.addEventListener('change', typed)
  window.addEventListener('online', () => save())
  window.addEventListener('offline', () => say('offline'))
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') save(true)
  })
  form.addEventListener('submit', (event) => {
    if (!navigator.onLine && !warned) {
      // A browser may be wrong about that: a second press goes through.
      warned = true
      event.preventDefault()
      say('offline')
    } else if (sending) {
      // Two at once could begin two drafts.
      event.preventDefault()
      const again = () => {
        sending = null
        form.requestSubmit(event.submitter)
      }
      Promise.race([sending, new Promise((done) => setTimeout(done, HOLD_CONTINUE))]).then(again)
    } else {
      clearTimeout(timer)
      changed = false
      remember(true)
    }
  })
  // A page that the browser had kept aside may be older than what was saved since.
  window.addEventListener('pageshow', (event) => {
    if (event.persisted && !changed) location.reload()
  })
}
