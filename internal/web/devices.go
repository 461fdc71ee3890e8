package web

import (
	"net/http"
	"time"

	"quay20/internal/node"
	"quay20/internal/officer"
	"quay20/internal/store"
)

const devicesPath = adminPath + "/devices"

// deviceRoutes declares what serves and where people sit (ux A5). Kiosks, boards
// and printers join when they come.
func (a *admin) deviceRoutes() {
	a.desk("GET "+devicesPath, officer.Health, a.devices)
}

// devicesPage is A5.
type devicesPage struct {
	Nodes    []nodeLine
	Versions bool // the nodes run different versions
	Seats    []seatLine
}

type nodeLine struct {
	node.Node
	State node.State
	Class string // of the tag
}

type seatLine struct {
	Desk, Officer, Address, End string
	Since, Seen                 time.Time
}

var nodeTags = map[node.State]string{node.Up: "green", node.Silent: "yellow", node.Lost: "red", node.Ended: "grey"}

func (a *admin) devices(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.Health, "")
	if err != nil {
		return err
	}
	var p devicesPage
	err = a.DB.Read(r.Context(), func(tx *store.Tx) error {
		list, err := node.All(tx)
		p.Nodes, p.Versions = nil, false
		running := ""
		for _, n := range list {
			state := n.State(a.Now())
			p.Nodes = append(p.Nodes, nodeLine{n, state, nodeTags[state]})
			if state == node.Ended {
				continue
			}
			p.Versions = p.Versions || running != "" && running != n.Version
			running = n.Version
		}
		return err
	})
	if err != nil {
		return err
	}
	seats, err := a.Roll.Seats(r.Context(), as)
	if err != nil {
		return err
	}
	law, on := a.today()
	for _, s := range seats {
		unit, _ := law.Unit(s.Desk, on)
		line := seatLine{Desk: unit.Name, Officer: s.Name, Address: s.Client, Since: s.Started, Seen: s.Seen}
		if by.may(officer.Officers) == nil {
			line.End = officerHref(s.Officer.ID) + "/do/end-sessions"
		}
		p.Seats = append(p.Seats, line)
	}
	return a.render(w, r, http.StatusOK, "devices", p)
}
