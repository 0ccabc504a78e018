/** The programs for which there is a right change to name. */
export type ProxyName =
  'nginx' | 'caddy' | 'haproxy' | 'apache' | 'tailscale' | 'cloudflared' | 'docker' | 'ssh'

/** What makes one proxy say for whom it speaks, or why nothing can. */
export type ProxyRecipe = {
  readonly title: string
  /** One line, for a log and for an answer. */
  readonly advice: string
  /** The same as lines of its configuration; none where there is nothing to configure. */
  readonly lines: readonly string[]
}

export const PROXY_RECIPES: Readonly<Record<ProxyName, ProxyRecipe>> = {
  nginx: {
    title: 'nginx',
    advice: 'nginx: proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;',
    lines: [
      "map $http_upgrade $connection_upgrade { default upgrade; '' close; }",
      '',
      'location / {',
      '  proxy_pass http://127.0.0.1:4747;',
      '  proxy_http_version 1.1;',
      '  proxy_set_header Upgrade $http_upgrade;',
      '  proxy_set_header Connection $connection_upgrade;',
      '  proxy_set_header Host $host;',
      '  proxy_set_header X-Forwarded-For $remote_addr;',
      '  proxy_set_header X-Forwarded-Proto $scheme;',
      '}',
    ],
  },
  caddy: {
    title: 'Caddy',
    advice:
      'Caddy: reverse_proxy sets X-Forwarded-For by itself; remove any header_up for Host and X-Forwarded-*.',
    lines: ['gateway.example {', '  reverse_proxy 127.0.0.1:4747', '}'],
  },
  haproxy: {
    title: 'HAProxy',
    advice: 'HAProxy: mode http and option forwardfor, in defaults or in the backend.',
    lines: ['backend gateway', '  mode http', '  option forwardfor', '  server gateway 127.0.0.1:4747'],
  },
  apache: {
    title: 'Apache',
    advice: 'Apache: ProxyPreserveHost On, and leave ProxyAddHeaders on (its default).',
    lines: [
      'ProxyPreserveHost On',
      'ProxyAddHeaders On',
      'ProxyPass / http://127.0.0.1:4747/ upgrade=websocket',
    ],
  },
  tailscale: {
    title: 'Tailscale Serve',
    advice:
      "Tailscale Serve: it sets X-Forwarded-For and Tailscale-* by itself, so nothing is missing; its clients need the owner's approval.",
    lines: ['tailscale serve --bg 4747'],
  },
  cloudflared: {
    title: 'Cloudflare Tunnel',
    advice:
      "Cloudflare Tunnel: it sets X-Forwarded-For and CF-* by itself, so nothing is missing; its clients need the owner's approval. Set no httpHostHeader.",
    lines: ['ingress:', '  - hostname: gateway.example', '    service: http://127.0.0.1:4747'],
  },
  docker: {
    title: 'Docker',
    advice:
      "Docker: a published port hides who connects, so its clients need the owner's approval; publish it on loopback alone, -p 127.0.0.1:4747:4747.",
    lines: ['docker run -p 127.0.0.1:4747:4747 IMAGE'],
  },
  ssh: {
    title: 'ssh',
    advice:
      "ssh: a forwarded port hides who connects, so nothing can be configured; its clients need the owner's approval.",
    lines: [],
  },
}
