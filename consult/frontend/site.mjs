// Only the components that our pages use. Each finds its elements by data-module.
import { Button, CharacterCount, Checkboxes, ErrorSummary, ExitThisPage, NotificationBanner, SkipLink, createAll } from 'govuk-frontend'
import { autosave } from './autosave.mjs'
import { forgetArrived } from './device.mjs'
import { forgetDeleted, leave } from './leaving.mjs'
import { keepTyped } from './typed.mjs'
import { saveWaiting, showUnsent } from './unsaved.mjs'

// Before the components read the page, so that they count restored answers too.
forgetArrived()
const settled = saveWaiting(document.querySelector('[data-unsaved]'))
const form = document.querySelector('form[data-save-url]')
if (form) autosave(form, settled)
for (const token of document.querySelectorAll('input[data-keep]')) keepTyped(token)
forgetDeleted(document.querySelector('[data-forget]'))
showUnsent(document.querySelector('[data-sent]'))

// Count as the server does: an emoji, or any character beyond Unicode's first 65,536, is one character, not two.
CharacterCount.prototype.updateCount = function () {
  this.count = [...this.$textarea.value].length
}

const { exitPage } = ExitThisPage.prototype
ExitThisPage.prototype.exitPage = function () {
  leave(this.$root)
  exitPage.call(this)
}

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
for (const component of [Button, CharacterCount, Checkboxes, ErrorSummary, ExitThisPage, NotificationBanner, SkipLink]) createAll(component)

// In a narrow window only the gist of a part's text stands above its questions.
if (matchMedia('(max-width: 61.24rem)').matches) for (const rest of document.querySelectorAll('[data-folds]')) rest.open = false

// An answer by radio button can be taken back, and an open page says when the consultation closes.
for (const row of document.querySelectorAll('.app-clear')) {
  const options = row.closest('fieldset').querySelectorAll(`[name="${CSS.escape(row.firstElementChild.value)}"][type=radio]`)
  for (const option of options) option.addEventListener('change', () => { row.hidden = false })
  row.addEventListener('click', (event) => {
    event.preventDefault()
    for (const option of options) option.checked = false
    row.hidden = true
    options[0].focus()
    options[0].dispatchEvent(new Event('change', { bubbles: true }))
    row.hidden = true
  })
}
const closing = document.querySelector('[data-closes-in]')
if (closing) setTimeout(() => { closing.hidden = false }, closing.dataset.closesIn * 1000)

// Show the fields that belong to an option while it is selected. The Design System's own script puts aria-expanded on radio
// buttons and checkboxes, where ARIA does not allow it.
const revealing = document.querySelectorAll('[data-reveals]')
// Screen readers hear that there is more to answer, below the option that they are on.
const announcement = document.querySelector('[data-revealed]')
function reveal(event) {
  for (const input of revealing) {
    const fields = document.getElementById(input.dataset.reveals)
    if (event?.type === 'change' && event.target === input && announcement) announcement.textContent = input.checked ? announcement.dataset.revealed : ''
    fields.classList.toggle(`govuk-${input.type === 'radio' ? 'radios' : 'checkboxes'}__conditional--hidden`, !input.checked)
  }
}
if (revealing.length) {
  document.addEventListener('change', reveal)
  // When someone goes back, the browser restores their choices after this script has run.
  window.addEventListener('pageshow', reveal)
  reveal()
}
