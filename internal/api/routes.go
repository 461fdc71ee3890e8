package api

import (
	"net/http"

	"quay20/internal/dossier"
	"quay20/internal/officer"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// Query parameters that several operations take.
var (
	onDay = parameter{Name: "on", About: "Day as of which law and organisation are asked; today if left out. Calendar date in Viet Nam (+07:00).", Example: "2026-05-08"}
	why   = parameter{Name: "reason", About: "Why the officer looks; it goes into the journal. At most 500 characters, no personal data.", Example: "Người dân hỏi tại quầy"}
	page  = parameter{Name: "limit", About: "At most this many, 1 to 200.", Example: "50", Integer: true}
)

// ifMatch is the header of acts: the version that the caller has seen.
var ifMatch = parameter{
	Name: "If-Match", Required: true, Example: `"3"`,
	About: `ETag of the dossier as the caller has seen it; 412 if it changed meanwhile, 428 without it. "*" waives the check.`,
}

// operations is the whole API. What is not in it is not served.
func operations() []operation {
	var all []operation
	for _, part := range [][]operation{sessionOperations(), lawOperations(), dossierOperations(), paperOperations(), moneyOperations(), houseOperations(), publicOperations()} {
		all = append(all, part...)
	}
	return all
}

func sessionOperations() []operation {
	return []operation{
		op(operation{
			ID: "signIn", Method: post, Path: "/sessions", Access: Public, Status: http.StatusCreated, Summary: "Sign in",
			About:   "Opens a session. The token goes into the Authorization header of every later request, as Bearer. It lives 15 minutes without use and 12 hours at most; an officer has at most five sessions. Unknown logins, wrong passwords and wrong codes are answered alike; too many tries get 429.",
			Example: SignIn{Login: "tiepnhan", Password: "một câu dài dễ nhớ", Code: "492039"},
		}, signIn),
		op(operation{ID: "signOut", Method: http.MethodDelete, Path: "/sessions/current", Access: SignedIn, Summary: "Sign out", About: "Ends the session; its token opens nothing any more."}, signOut),
		op(operation{ID: "takeDesk", Method: post, Path: "/sessions/current/desk", Access: SignedIn, Summary: "Take or leave a desk", About: "Reception and cash need a desk. An empty code leaves it.", Example: Desk{Desk: "12-Q20"}}, takeDesk),
		op(operation{ID: "proveAgain", Method: post, Path: "/sessions/current/proof", Access: SignedIn, Summary: "Prove yourself again", About: "Gives a fresh proof for ten minutes, which concluding, cancelling receipts, accounts and law ask for. Answers with a new token; the old one is dead.", Example: Proof{Proof: "492039"}}, elevate),
		op(operation{ID: "setPassword", Method: post, Path: "/sessions/current/password", Access: SignedIn, Summary: "Change the own password", About: "Also turns a start code into a password. Answers with a new token.", Example: Password{Current: "một câu dài dễ nhớ", New: "một câu dài khác hẳn"}}, setPassword),
		op(operation{ID: "enrolFactor", Method: post, Path: "/sessions/current/factor", Access: SignedIn, Summary: "Begin a second factor", About: "Gives the secret for an authenticator program (TOTP, 30 seconds, 6 digits). It counts once a code of it was confirmed."}, enrol),
		op(operation{ID: "confirmFactor", Method: post, Path: "/sessions/current/factor/confirmation", Access: SignedIn, Summary: "Confirm a second factor", About: "Answers with a new token.", Example: Code{Code: "492039"}}, confirmFactor),
		op(operation{ID: "whoAmI", Method: get, Path: "/me", Access: SignedIn, Summary: "The officer of the session", About: "Who, in what capacities today, at which desk, and what must be done first."}, whoAmI),
	}
}

func lawOperations() []operation {
	return []operation{
		op(operation{
			ID: "listProcedures", Method: get, Path: "/procedures", Access: Public, Summary: "Procedures in force on a day",
			About: "All, those of a field, or those found for what people say or type, with or without diacritics.",
			Query: []parameter{onDay, {Name: "q", About: "What somebody says or types: a name, its beginning, an alias, a code.", Example: "tạm trú"}, {Name: "field", About: "Slug of the field of procedures.", Example: "cu-tru"}, {Name: "limit", About: "At most this many, 1 to 500.", Example: "20", Integer: true}},
		}, procedures),
		op(operation{ID: "showProcedure", Method: get, Path: "/procedures/{code}", Access: Public, Summary: "One procedure as of a day", About: "Cases with their limits, papers, fees, internal process (working hours) and legal bases of the version in force.", Query: []parameter{onDay}}, procedure),
		op(operation{ID: "listUnits", Method: get, Path: "/units", Access: Public, Summary: "Units of the police on a day", About: "Codes are reused over the years; a key names a unit for ever.", Query: []parameter{onDay}}, units),
		op(operation{ID: "listDesks", Method: get, Path: "/desks", Access: Public, Summary: "Desks that receive on a day", About: "Units that take dossiers in.", Query: []parameter{onDay}, Laws: []string{"nd-118-2025/17"}}, desks),
		op(operation{
			ID: "computeDeadline", Method: post, Path: "/deadline", Access: Public, Summary: "When something is due, with the proof",
			About:   `For a procedure at a desk, or for a limit such as "3 working_day" (units hour, working_day, day, month) on the national calendar. Nothing is stored. Instants carry an offset; answers are in +07:00.`,
			Laws:    []string{"luat-91-2015/147", "luat-91-2015/148"},
			Example: map[string]any{"desk": "12-Q20", "procedure": "1.004222", "received": "2026-05-08T09:30:00+07:00", "pauses": []map[string]string{{"from": "2026-05-11T08:00:00+07:00", "to": "2026-05-12T08:00:00+07:00"}}},
		}, due),
	}
}

func dossierOperations() []operation {
	queues := make([]string, len(dossier.Queues))
	for i, q := range dossier.Queues {
		queues[i] = string(q)
	}
	return []operation{
		op(operation{
			ID: "receiveDossier", Method: post, Path: "/dossiers", Access: Granted, Permission: officer.Receive, Key: roomKey, Status: http.StatusCreated,
			Summary: "Receive a walk-in", About: "At the desk that the session has taken: accepted, sent back for a supplement with everything missing, or refused with reasons. Time of receipt, due date and fee are the server's; fields for them are refused. A dossier keeps the law of its receipt.",
			Laws: []string{"nd-118-2025/17", "nd-61-2018/17"}, Answers: []string{"Location", "ETag"}, Example: intakeExample(),
		}, receive),
		op(operation{
			ID: "fileOnline", Method: post, Path: "/dossiers/online", Access: Granted, Permission: officer.Receive, Key: roomKey, Status: http.StatusCreated,
			Summary: "File what a portal sent", About: "For the adapter of a portal: its account is a receptionist of the desk. The code is minted now; the desk answers within 8 working hours. Codes that the portal gave are kept beside ours.",
			Laws: []string{"nd-61-2018/17"}, Answers: []string{"Location", "ETag"}, Example: Online{Desk: "12-Q20", Intake: intakeExample()},
		}, fileOnline),
		op(operation{
			ID: "listDossiers", Method: get, Path: "/dossiers", Access: Granted, Permission: officer.Worklist, Summary: "A work list",
			About: "In the officer's scope, what is due first. next is the token of the following page; it serves only this officer and filter.",
			Query: []parameter{{Name: "queue", About: "The list; all running ones of the officer's units if left out.", Example: "due_today", Enum: queues}, {Name: "procedure", About: "Code of a procedure.", Example: "1.004222"}, {Name: "unit", About: "Code of a unit of the scope that holds them.", Example: "12-PC06"}, {Name: "assignee", About: "ID of an officer.", Example: "CB-0012"}, page, {Name: "after", About: "next of the page before."}},
		}, list),
		op(operation{ID: "countDossiers", Method: get, Path: "/dossiers/counts", Access: Granted, Permission: officer.Worklist, Summary: "How many dossiers each work list holds", About: "Counted to a thousand: 1001 says that there are more."}, counts),
		op(operation{
			ID: "searchDossiers", Method: post, Path: "/dossiers/search", Access: Granted, Permission: officer.Search, Summary: "Find dossiers",
			About:   "By code, name with or without diacritics, identity number, phone or plate, in the officer's scope, newest first. The search is journaled with its reason; the words only as a commitment. A POST, so that no name stands in an address; it needs no idempotency key.",
			Example: Search{Q: "lo thi phuong", Reason: "Người dân quên giấy hẹn", Limit: 20},
		}, search),
		op(operation{ID: "showDossier", Method: get, Path: "/dossiers/{ref}", Access: Granted, Permission: officer.View, Summary: "One dossier", About: "ref is any code that the dossier has had, or its id. The look is journaled with its reason, unless If-None-Match holds the present ETag (304).", Query: []parameter{why}, Answers: []string{"ETag"}, Headers: []parameter{{Name: "If-None-Match", About: "ETag that the caller has.", Example: `"3"`}}}, show),
		op(operation{
			ID: "actOnDossier", Method: post, Path: "/dossiers/{ref}/acts", Access: Granted, Permission: officer.View, Key: roomKey, Headers: []parameter{ifMatch},
			Summary: "Do one act", About: "The act and its particulars. An act that law, state or role forbids now is refused with the reason and the acts that are allowed; the dossier says them beforehand in allowed.",
			Laws: []string{"nd-118-2025/17", "nd-63-2010/18", "nd-63-2010/20"}, Answers: []string{"ETag"}, Example: map[string]any{"act": "request_supplement", "particulars": map[string]any{"items": []map[string]string{{"paper": "Tờ khai CT01", "reason": "Thiếu chữ ký"}}}},
		}, do),
		op(operation{ID: "listEntries", Method: get, Path: "/dossiers/{ref}/entries", Access: Granted, Permission: officer.View, Summary: "The dossier's history", About: "Its acts, oldest first; the control slip is a view of them.", Laws: []string{"tt-01-2018-vpcp/1"}}, history),
		op(operation{ID: "listViews", Method: get, Path: "/dossiers/{ref}/views", Access: Granted, Permission: officer.View, Summary: "Who looked at the dossier"}, views),
		op(operation{ID: "showProof", Method: get, Path: "/dossiers/{ref}/proof", Access: Granted, Permission: officer.View, Summary: "How the due date came about", About: "Each sentence with its period and article."}, proof),
	}
}

func paperOperations() []operation {
	return []operation{
		op(operation{ID: "listSlips", Method: get, Path: "/dossiers/{ref}/slips", Access: Granted, Permission: officer.View, Summary: "The papers issued"}, slips),
		op(operation{ID: "printSlip", Method: post, Path: "/dossiers/{ref}/slips/{kind}/{number...}", Access: Granted, Permission: officer.View, Key: ownKey, Media: pdf, Summary: "Print a paper", About: "kind and number as listed. Every print is journaled and counted; all but the first carry the reprint mark. A key that has printed already gets 409: a second print is a reprint and takes a new key."}, print),
		op(operation{ID: "printControl", Method: post, Path: "/dossiers/{ref}/control", Access: Granted, Permission: officer.View, Key: ownKey, Media: pdf, Summary: "Print the control slip", About: "Made from the journal at this moment.", Laws: []string{"tt-01-2018-vpcp/1"}}, control),
		op(operation{
			ID: "exportRegister", Method: get, Path: "/register", Access: Granted, Permission: officer.Register, Media: xlsx, Summary: "The register of a desk as Excel",
			About: "Sổ theo dõi hồ sơ of the dossiers accepted from one day to another, both included. The export is journaled.",
			Query: []parameter{{Name: "desk", About: "Code of the desk.", Example: "12-Q20", Required: true}, {Name: "from", About: "First day.", Example: "2026-05-01", Required: true}, {Name: "to", About: "Last day.", Example: "2026-05-31", Required: true}},
		}, register),
	}
}

func moneyOperations() []operation {
	return []operation{
		op(operation{ID: "listReceipts", Method: get, Path: "/dossiers/{ref}/receipts", Access: Granted, Permission: officer.View, Summary: "The cash receipts of a dossier", About: "Amounts are whole đồng."}, receipts),
		op(operation{ID: "showReceipt", Method: get, Path: "/receipts/{number}", Access: Granted, Permission: officer.Cash, Summary: "One cash receipt"}, receipt),
		op(operation{ID: "askCancel", Method: post, Path: "/receipts/{number}/cancel-request", Access: Granted, Permission: officer.CancelReceipt, Key: ownKey, Summary: "Ask to cancel a receipt", About: "At the desk of the receipt. A second person decides.", Example: Reason{Reason: "Thu nhầm hồ sơ"}}, askCancel),
		op(operation{ID: "cancelReceipt", Method: post, Path: "/receipts/{number}/cancel", Access: Granted, Permission: officer.ApproveCancel, Key: ownKey, Summary: "Cancel a receipt", About: "By another person than took the money and asked, with the citizen's paper in hand, after a fresh proof.", Example: Cancel{PaperInHand: true}}, cancelReceipt),
		op(operation{ID: "keepReceipt", Method: post, Path: "/receipts/{number}/keep", Access: Granted, Permission: officer.ApproveCancel, Key: ownKey, Summary: "Let a receipt stand", Example: Reason{Reason: "Biên lai đúng"}}, keepReceipt),
		op(operation{ID: "showShift", Method: get, Path: "/cash/shift", Access: Granted, Permission: officer.Cash, Summary: "What the own drawer should hold today", About: "At the desk taken, in whole đồng."}, shift),
		op(operation{ID: "countCash", Method: post, Path: "/cash/counts", Access: Granted, Permission: officer.Cash, Key: ownKey, Status: http.StatusCreated, Summary: "Count the drawer", About: "Whole đồng. A difference needs a reason; the last count of a shift stands.", Example: Drawer{Counted: 150000}}, countCash),
	}
}

func houseOperations() []operation {
	return []operation{
		op(operation{ID: "listOfficers", Method: get, Path: "/officers", Access: Granted, Permission: officer.SeeOfficers, Summary: "Officers in the scope", Query: []parameter{{Name: "unit", About: "Code of a unit.", Example: "12-PC06"}, {Name: "role", About: "One role.", Example: "processor"}, page, {Name: "after", About: "ID of the last one of the page before.", Example: "CB-0200"}}}, officers),
		op(operation{ID: "addOfficer", Method: post, Path: "/officers", Access: Granted, Permission: officer.Officers, Key: ownKey, Status: http.StatusCreated, Summary: "Enter an officer", About: "The start code is shown once, serves one sign-in within 24 hours and must then be changed. A repeated request shows the officer without it.", Example: NewOfficer{Login: "minh.q20", Person: "900-356", Name: "Lò Thị Minh", Title: "Thượng úy", Unit: "12-Q20"}}, addOfficer),
		op(operation{ID: "addGrant", Method: post, Path: "/officers/{id}/grants", Access: Granted, Permission: officer.Officers, Key: ownKey, Status: http.StatusCreated, Summary: "Grant a role", About: "For a unit and those below it, for a time. An administrator's role waits for a second administrator.", Example: NewGrant{Role: officer.Receptionist, Unit: "12-Q20", Reason: "Phân công trực quầy"}}, addGrant),
		op(operation{ID: "disableOfficer", Method: post, Path: "/officers/{id}/disable", Access: Granted, Permission: officer.Officers, Key: ownKey, Summary: "Close an account", About: "Its sessions end at once.", Example: Reason{Reason: "Chuyển công tác"}}, disableOfficer),
		op(operation{ID: "enableOfficer", Method: post, Path: "/officers/{id}/enable", Access: Granted, Permission: officer.Officers, Key: ownKey, Summary: "Open a closed account", About: "With a start code, shown once.", Example: Reason{Reason: "Trở lại công tác"}}, enableOfficer),
		op(operation{ID: "resetPassword", Method: post, Path: "/officers/{id}/password-reset", Access: Granted, Permission: officer.Officers, Key: ownKey, Summary: "A start code for a forgotten password", About: "The second factor stays. The code is shown once."}, resetPassword),
		op(operation{ID: "resetFactor", Method: post, Path: "/officers/{id}/factor-reset", Access: Granted, Permission: officer.Officers, Key: ownKey, Summary: "A start code after a lost second factor", About: "After the officer proved themselves face to face. The code is shown once."}, resetFactor),
		op(operation{ID: "confirmGrant", Method: post, Path: "/grants/{id}/confirm", Access: Granted, Permission: officer.Officers, Key: ownKey, Summary: "Confirm a proposed grant", About: "By another person than proposed it or gains by it."}, confirmGrant),
		op(operation{ID: "declineGrant", Method: post, Path: "/grants/{id}/decline", Access: Granted, Permission: officer.Officers, Key: ownKey, Summary: "Decline a proposed grant", Example: Reason{Reason: "Chưa đủ điều kiện"}}, declineGrant),
		op(operation{ID: "revokeGrant", Method: post, Path: "/grants/{id}/revoke", Access: Granted, Permission: officer.Officers, Key: ownKey, Summary: "Revoke a role", About: "From the officer's next request on.", Example: Reason{Reason: "Hết thời gian thay"}}, revokeGrant),
		op(operation{ID: "listNotices", Method: get, Path: "/notices", Access: Granted, Permission: officer.Law, Summary: "Notices applied to the law"}, notices),
		op(operation{
			ID: "applyNotice", Method: post, Path: "/notices", Access: Granted, Permission: officer.Law, Key: ownKey, Status: http.StatusCreated, Summary: "Apply a notice to the calendar",
			About:   "Adds days off or working days; nothing is edited. Running dossiers are computed again and each moved date is journaled; the answer lists them, so that the people can be told. Needs a fresh proof.",
			Example: map[string]any{"id": "2026-09-10-bao-so-5", "announced": "2026-09-10", "title": "Nghỉ do bão số 5", "days": []map[string]string{{"date": "2026-09-11", "kind": "closure", "name": "Bão số 5"}}},
		}, applyNotice),
		op(operation{
			ID: "listJournal", Method: get, Path: "/journal", Access: Granted, Permission: officer.Journal, Summary: "The journal", About: "Newest first, as far as the officer's scope reaches. before of the answer, if there, asks for the next page.",
			Query: []parameter{{Name: "subject", About: "What the entries are about.", Example: "officer/CB-0012"}, {Name: "officer", About: "Who acted.", Example: "CB-0012"}, {Name: "act", About: "Name of the act.", Example: "receive"}, {Name: "from", About: "Not before this instant.", Example: "2026-05-08T00:00:00+07:00"}, {Name: "to", About: "Before this instant.", Example: "2026-05-09T00:00:00+07:00"}, {Name: "before", About: "Entries below this index.", Example: "1200", Integer: true}, page},
		}, entriesAsked),
	}
}

func publicOperations() []operation {
	return []operation{
		op(operation{
			ID: "track", Method: post, Path: "/track", Access: Public, Summary: "Follow a dossier by code and key",
			About:   "Code and key stand on the slip. A wrong key and an unknown code are answered alike; five wrong tries of one address, then one a minute (429).",
			Laws:    []string{"nd-63-2010/18"},
			Example: Look{Code: "000.00.20.H35-260508-0007", Secret: "7K2M9QXD"},
		}, track),
		op(operation{ID: "trackToken", Method: get, Path: "/track/{token}", Access: Public, Summary: "Follow a dossier by the slip's QR", About: "The same view as by code and key."}, trackToken),
	}
}

// intakeExample is a whole intake of an invented person.
func intakeExample() dossier.Intake {
	var in dossier.Intake
	in.Channel, in.Procedure, in.Case = "counter", "1.004194", "Thông thường"
	in.Filer.Kind, in.Filer.Name, in.Filer.Born, in.Filer.Sex = "citizen", "Lò Thị Phương", "1990-03-07", "female"
	in.Filer.IDKind, in.Filer.IDNumber, in.Filer.Address = "cccd", "012190000007", "Tổ 5, Phường Đoàn Kết, Lai Châu"
	in.Papers = []dossier.Paper{{Name: "Tờ khai thay đổi thông tin cư trú", Form: "CT01", Originals: 1, Present: true}}
	in.ReturnBy, in.Pay, in.Decision = "counter", "later", "accept"
	return in
}
