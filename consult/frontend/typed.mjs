// Keeps what staff type into a form on the server, as they type. It is offered again on the same page, to the same person, until
// the form is accepted.
const AFTER_LAST_KEY = 1000
const AT_LEAST_EVERY = 10000 // while someone types without a pause
const RETRY = 10000
const SAVE_TIMEOUT = 10000
// These come back with the words: sending them twice stays sending them once.
const COME_BACK = ['submission_key', 'started_at']

export function keepTyped(token) {
  const form = token.form
  const status = form.querySelector('[data-typed-status]')
  let since = 0
  let timer = 0
  let sent = false
  let under = null

  function onChange() {
    since ||= Date.now()
    keepIn(Math.min(AFTER_LAST_KEY, Math.max(0, since + AT_LEAST_EVERY - Date.now())))
  }

  function keepIn(milliseconds) {
    clearTimeout(timer)
    timer = setTimeout(keep, milliseconds)
  }

  async function keep(keepalive = false) {
    clearTimeout(timer)
    if (!since || sent) return
    since = 0
    under = new AbortController()
    // Files stay in the form.
    const body = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === 'string'))
    const { signal } = under
    const late = setTimeout(() => under.abort(), SAVE_TIMEOUT)
    try {
      const reply = await fetch(token.dataset.keep, { method: 'POST', body, keepalive: keepalive === true, signal })
      if (!reply.ok) throw new Error(reply.status)
      const kept = await reply.json()
      const words = status.dataset
      status.textContent = kept.signedOut ? words.signedOut : `${words.kept} ${kept.at}.${kept.others ? ` ${words.others} ${kept.others}.` : ''}`
    } catch {
      if (sent) return
      since ||= Date.now()
      status.textContent = status.dataset.failed
      keepIn(RETRY)
    } finally {
      clearTimeout(late)
    }
  }

  for (const before of form.querySelectorAll('[data-typed-before]')) {
    const putBack = before.querySelector('[data-put-back]')
    putBack.hidden = false
    putBack.addEventListener('click', () => {
      restore(JSON.parse(before.querySelector('script').textContent))
      // From here on it is that draft which is typed on, and forgotten when the form is accepted.
      token.value = before.dataset.typedBefore
      before.remove()
      form.querySelector('textarea, input:not([type=hidden])').focus()
    })
  }

  function restore(fields) {
    for (const field of form.elements) {
      if (!field.name || ['submit', 'button', 'file'].includes(field.type)) continue
      if (field.type === 'hidden' && !COME_BACK.includes(field.name)) continue
      const values = fields.filter(([name]) => name === field.name).map(([, value]) => value)
      if (field.type === 'radio' || field.type === 'checkbox') field.checked = values.includes(field.value)
      else if (values.length) field.value = values[0]
      field.dispatchEvent(new Event('change', { bubbles: true }))
    }
  }

  form.addEventListener('input', onChange)
  form.addEventListener('change', onChange)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') keep(true)
  })
  form.addEventListener('submit', () => {
    sent = true
    clearTimeout(timer)
    under?.abort()
  })
  // The browser may have kept the page from before it was sent.
  window.addEventListener('pageshow', () => { sent = false })
}
