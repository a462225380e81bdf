FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json esbuild.mjs ./
COPY src src
RUN npm run build && chmod +x dist/main.js && npm prune --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    SC_PROXY_HOST=0.0.0.0 \
    SC_PROXY_LOG_FORMAT=json \
    XDG_STATE_HOME=/var/lib
# A volume that is mounted here for the first time belongs to whoever this folder belongs to.
# The link is for "docker exec CONTAINER sc-proxy status" and the like.
RUN install -d -o node -g node -m 700 /var/lib/sc-proxy && ln -s /app/dist/main.js /usr/local/bin/sc-proxy
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY config config
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SC_PROXY_ADMIN_PORT || 8081}/readiness`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
