// nginx with a configuration of its own: it takes turns, and leaves out a node that is closing.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** @param {string} folder @param {number} port @param {number[]} nodes */
export async function startBalancer(folder, port, nodes) {
  const paths = ['/usr/sbin', ...(process.env.PATH ?? '').split(':')]
  const nginx = paths.map((place) => path.join(place, 'nginx')).find((file) => existsSync(file))
  if (nginx === undefined) throw new Error('nginx is missing: apt-get install nginx')
  const home = path.join(folder, 'nginx')
  mkdirSync(home)
  writeFileSync(path.join(home, 'nginx.conf'), configuration(home, port, nodes))
  const child = spawn(nginx, ['-c', path.join(home, 'nginx.conf'), '-p', home, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'inherit'] }) // prettier-ignore
  const ended = new Promise((resolve) => child.once('exit', resolve))
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error('nginx does not start')
    await sleep(50)
  }
  return () => child.kill('SIGQUIT') && Promise.race([ended, sleep(1000).then(() => child.kill('SIGTERM'))])
}

/** @param {string} home @param {number} port @param {number[]} nodes */
const configuration = (home, port, nodes) => `
daemon off; pid ${home}/nginx.pid; error_log stderr warn; worker_processes 1;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${home}/${kind};`).join(' ')}
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  upstream gateways { ${nodes.map((node) => `server 127.0.0.1:${node} max_fails=0;`).join(' ')} }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateways;
      proxy_next_upstream error timeout http_503;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_read_timeout 120s;
    }
  }
}`

/** @param {number} port @returns {Promise<boolean>} */
const answers = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(!!socket.end()))
    socket.on('error', () => resolve(false))
  })
