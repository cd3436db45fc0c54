// Finds a code by a part of its name: a list that narrows as one types.
let choose = null
let make = null
let found = []
let at = 0

const dialog = () => document.querySelector('[data-palette]')
const list = () => document.getElementById('palette-list')

export function openPalette (answer, given, made) {
  if (!answer) return
  choose = given
  make = made
  const boxes = [...answer.querySelectorAll('[data-codes] [name=code]')]
  const codes = boxes.map((box) => ({ id: box.id, name: box.parentElement.querySelector('[data-name]').textContent.trim() }))
  const input = document.getElementById('palette')
  const means = document.querySelector('[data-palette-means]')
  means.hidden = true
  means.querySelector('input').value = ''
  input.value = ''
  input.oninput = () => show(codes, input.value.trim())
  input.onkeydown = move
  dialog().onsubmit = (event) => {
    event.preventDefault()
    take()
  }
  show(codes, '')
  dialog().showModal()
  input.focus()
}

function show (codes, typed) {
  const words = typed.toLowerCase().split(/\s+/)
  found = codes.filter((code) => words.every((word) => code.name.toLowerCase().includes(word)))
  if (typed && !codes.some((code) => code.name.toLowerCase() === typed.toLowerCase())) found.push({ fresh: typed, name: `${list().dataset.new} ${typed}` })
  at = 0
  list().replaceChildren(...found.map((one, number) => {
    const item = document.createElement('li')
    item.id = `palette-${number}`
    item.setAttribute('role', 'option')
    item.textContent = one.name
    item.onclick = () => {
      at = number
      take()
    }
    return item
  }))
  mark()
}

function mark () {
  for (const [number, item] of [...list().children].entries()) item.setAttribute('aria-selected', String(number === at))
  document.getElementById('palette').setAttribute('aria-activedescendant', found.length ? `palette-${at}` : '')
  list().children[at]?.scrollIntoView({ block: 'nearest' })
}

function move (event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!by || !found.length) return
  event.preventDefault()
  at = (at + by + found.length) % found.length
  mark()
}

function take () {
  const one = found[at]
  const means = document.querySelector('[data-palette-means]')
  if (one?.fresh && means.hidden) {
    // Before a code is made, what it means.
    means.hidden = false
    means.querySelector('input').focus()
    return
  }
  dialog().close()
  if (!one) return
  if (one.fresh) make(one.fresh, means.querySelector('input').value)
  else choose(one.id)
}
