set -eu
rdv wait db --timeout 2m & waiter=$!
rdv signal db && wait $waiter
rdv wait nothing --once && exit 10 || [ $? -eq 1 ]
rdv signal deploy/a busy --hold & a=$!
rdv wait deploy/ --state busy && [ "$(rdv get deploy/a)" = busy ]
rdv signal deploy/a stolen --hold && exit 11 || [ $? -eq 1 ]
rdv signal deploy/b && rdv signal deploy/a && rdv wait deploy/ --min 2
kill $a && wait $a && exit 12 || [ $? -eq 143 ]
rdv get deploy/a && exit 13 || [ $? -eq 1 ]
rdv wait deploy/ && rdv clear deploy/ --recursive && rdv wait deploy/ --min 0 --once
