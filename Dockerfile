# A small image with rdv: docker build --tag rendezvous .
# In it are the executable, tini, which reaps orphans and hands on signals, and what these two need: no shell, no Node. Without
# Docker `npm run image` makes the same.

FROM node:24-trixie AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run image
RUN mkdir /image && tar --extract --file standalone/root.tar --directory /image && rm -r /image/proc

FROM scratch
COPY --from=build /image /
COPY --from=build --chown=1000:1000 /image/var/lib/rendezvous /var/lib/rendezvous
USER 1000:1000
ENV PATH=/usr/bin RDV_DATA_DIR=/var/lib/rendezvous
VOLUME /var/lib/rendezvous
EXPOSE 8080
ENTRYPOINT ["tini", "--"]
CMD ["rdv", "serve"]
