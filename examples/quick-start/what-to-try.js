/**
 * What `npm start` prints once the quick start answers.
 *
 * @param {string} port
 */
export function whatToTry(port) {
  const url = port === '4747' ? '' : ` --url ws://127.0.0.1:${port}/gateway`
  return `
In a second terminal:

  curl http://127.0.0.1:${port}/whoami
  npm run -s latchkey -- call notes.list --scope operator.read${url}
  npm run -s latchkey -- call health --scope operator.write${url}

Both calls were paired silently: they come from this machine. Now one that does not look so:

  npm run -s latchkey -- call health --header 'X-Forwarded-For: 203.0.113.7'${url}
  npm run -s latchkey -- requests${url}
  npm run -s latchkey -- approve <id> --digest <digest>${url}
`
}
