# As much of StatsAPI as a test needs: generic functions that others extend.
module StatsAPI

function fit end
function predict end
function score end

end
