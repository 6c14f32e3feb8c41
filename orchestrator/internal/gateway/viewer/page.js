// Shows the document of the orchestrator that this page came from. Where that wants a token, it is asked for, and kept
// until the page is left.
'use strict'

const form = document.getElementById('ask')
const said = document.getElementById('said')

async function show (token) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {}
  const answer = await fetch('openapi.json', { headers })
  if (!answer.ok) {
    form.hidden = false
    said.textContent = token ? (await answer.json()).message : ''
    return
  }
  form.hidden = true
  const ui = SwaggerUIBundle({
    spec: await answer.json(),
    dom_id: '#document',
    deepLinking: true,
    validatorUrl: null,
    docExpansion: 'list',
    onComplete: () => token && ui.preauthorizeApiKey('token', token)
  })
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  show(document.getElementById('token').value.trim())
})
show('')
