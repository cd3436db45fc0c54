// Fetches a page and puts its reading screen in the place of the one that is shown.
const parse = (text) => new DOMParser().parseFromString(text, 'text/html')

// Returns whether a reading screen is shown. Anywhere else, such as the list or the page to sign in on, the browser goes itself.
export async function replaceDesk (address, { keep = false, sent = null, ...options } = {}) {
  let answer
  try {
    answer = await fetch(address, { credentials: 'same-origin', ...options })
  } catch {
    say('[data-desk-offline]')
    return false
  }
  const page = parse(await answer.text())
  const fresh = page.querySelector('[data-desk]')
  if (!fresh) {
    if (answer.redirected || !options.method) window.location.assign(answer.url)
    else say('[data-desk-failed]')
    return false
  }
  fresh.classList.add('app-desk--live')
  keepTyped(document.querySelector('[data-desk]'), fresh, sent)
  document.querySelector('[data-desk]').replaceWith(fresh)
  document.title = page.title
  if (!keep && answer.url !== window.location.href) window.history.pushState(null, '', answer.url)
  for (const one of document.querySelectorAll('[data-desk-offline], [data-desk-failed]')) one.hidden = true
  return true
}

// What is half typed stays, where the same response is shown again and it was not this that was sent.
function keepTyped (old, fresh, sent) {
  if (old.dataset.reference !== fresh.dataset.reference) return
  for (const field of old.querySelectorAll('input.govuk-input')) {
    const again = field.value !== field.defaultValue && field.form !== sent && fresh.querySelector(`#${CSS.escape(field.id)}`)
    if (!again) continue
    again.value = field.value
    again.closest('details').open = true
  }
}

function say (selector) {
  const words = document.querySelector(selector)
  words.hidden = false
  words.focus()
}

export function announce (words) {
  document.querySelector('[data-desk-said]').textContent = words.trim().replace(/\s+/g, ' ')
}
