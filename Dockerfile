# A small image with rdv: docker build --tag rendezvous .
# Its entry point is tini, which reaps orphans and hands on signals; what follows is the command, by default the server.

FROM node:24-alpine AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm pack --pack-destination /tmp
RUN npm install --global --prefix /opt/rdv /tmp/rendezvous-*.tgz
# compiled ahead by the very Node that will run it
RUN RDV_DATA_DIR=/tmp/warm node scripts/warm.cjs /opt/rdv/lib/node_modules/rendezvous/dist signal warm

FROM alpine:3.22
RUN apk add --no-cache libstdc++ tini \
  && adduser -D -u 1000 rdv \
  && mkdir -m 0700 /var/lib/rendezvous \
  && chown rdv:rdv /var/lib/rendezvous
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /opt/rdv /usr/local
USER rdv
ENV RDV_DATA_DIR=/var/lib/rendezvous
VOLUME /var/lib/rendezvous
EXPOSE 8080
ENTRYPOINT ["/sbin/tini", "--"]
CMD ["rdv", "serve"]
