package api

// pathWords describes what stands in a path, with an example.
var pathWords = map[string][2]string{
	"ref":    {"Any code that the dossier has had, or its id.", "000.00.20.H35-260508-0007"},
	"code":   {"Code of the procedure.", "1.004222"},
	"kind":   {"Kind of the paper, as listed.", "receipt"},
	"number": {"Number of the paper or receipt, as listed; a slash may stand as it is.", "12/TNHS"},
	"id":     {"ID of the officer or grant, as listed.", "CB-0012"},
	"token":  {"The 26 characters in the slip's QR.", "0123456789ABCDEFGHJKMNPQRS"},
}

var headerWords = map[string]string{
	"Location": "Path of the new dossier.",
	"ETag":     "Version of the dossier, for If-Match and If-None-Match.",
}

// required lists what a caller must send, where it is not what the type says.
var required = map[string][]string{
	"DossierIntake": {"procedure", "filer"}, "DossierPaper": {"name"}, "ApplicantPerson": {"name"}, "DossierKnownCode": {"code", "source"},
}

// sent are the other schemas that only callers send and whose fields may all
// be left out.
var sent = []string{"DossierAccept", "DossierSupply", "DossierAdvance", "Cancel"}

// ofSystem are the acts that only the program itself does.
var ofSystem = []string{"close_unanswered", "mark_late", "mark_unchecked", "recompute", "reopen_payment", "confirm_payment", "succeed", "answer_supplement"}

// fieldWords describes each field by its name, or by schema and name where one
// name means several things.
var fieldWords = map[string]string{
	"accepted_at": "When the dossier was accepted.", "act": "Name of the act.", "action": "What is done in the step.", "active": "Whether the account is open.",
	"address": "Address as on papers.", "again": "Why the same person files for the same procedure again within a week.", "agency": "The agency that is waited for.",
	"allowed": "Acts that law, state and role permit now.", "announced": "Day on which the notice was announced.", "answer": "The other unit's answer.",
	"amount": "Whole đồng.", "LawtimeLimit.amount": "How many of the unit.", "Limit.amount": "How many of the unit.", "DossierExtend.amount": "How many of the unit.",
	"answered": "When it was answered.", "apologies": "Promises moved in the open (xin lỗi và hẹn lại).", "apology": "Why the date was moved.", "approver": "ID of the officer who approved.",
	"asked": "When it was asked.", "asked_by": `Who ended it: "citizen", "authority" or "deadline".`, "assignee": "ID of the officer who works on it.", "assisted": "Why an officer filled it in (làm giúp).",
	"at": "When.", "authority": "The paper by which somebody acts for another.", "bases": "Numbers of the legal texts.", "basis": `Number of the text that sets the amount, "75/2022/TT-BTC".`,
	"before": "Ask for entries below this index to get the next page.", "book": "Number of the receipt book, 50 leaves each.", "born": `Birth date "1990-03-07", or the year when only it is known.`, "by": "ID of the officer.",
	"cancel_asked_by": "ID of the officer who asked to cancel it.", "cancel_reason": "Why it is to be cancelled.", "cancelled_at": "When it was cancelled.", "cancelled_by": "ID of the second person.",
	"cancels": "Whole đồng given back.", "capacities": "Roles held today, and where.", "capacity": `Role and unit, "receptionist@12-Q20".`, "case": "Case of the procedure (trường hợp).", "cases": "Variants with a limit each.",
	"cash": "Whole đồng that should be there.", "channel": `How it is filed or handed over: "counter", "online", "post", "electronic"; for fees also "any".`, "checked": "How the person was checked.", "chip": "The card's chip was verified.",
	"code": "Code.", "Problem.code": "Stable name of what is wrong.", "Fault.code": "Stable name of what is wrong.", "Code.code": "Code of the second factor.", "SignIn.code": "Code of the second factor, if the officer has one.",
	"Dossier.code": "The dossier's code (mã hồ sơ); none until it is minted.", "Look.code": "Code on the slip; blanks, small letters and O for 0 are forgiven.",
	"codes": "All codes the dossier has had, ours and others'.", "accounts": "Accounts on whose page the dossier is listed.", "compared": "Face and card were compared.", "eid": "Number, name and birth are those that the electronic identity vouches for.", "competent": "The unit that decides.", "components": "Papers that the procedure asks for.", "concluded_at": "When the result was there.",
	"consults": "Questions to other units; the clock goes on.", "copies": "How many copies.", "count": `How the limit counts: "instant" or "next-day".`, "counted": "Whole đồng in the drawer.", "created": "When the account was made.", "currency": "Currency of the amount.",
	"current": "The present password or start code.", "date": "The day.", "day": "The day.", "days": "Days off or working days.", "decision": `"accept", "supplement" or "refuse".`,
	"desk": "Desk that receives and returns.", "UnitFacts.desk": "Whether it takes dossiers in.", "desk_address": "Where the desk is.", "desks": "Codes of the units that the days are for; all if left out.", "difference": "Whole đồng too many, or too few if negative.",
	"document": "Number of the document.", "dossier": "Id of the dossier.", "dossiers": "The dossiers.", "due": "Due instant.", "due_at": "Due instant by law.", "electronic": "The result is there as an electronic copy.", "elevated": "Proved again in the last ten minutes.",
	"email": "E-mail address.", "end": "How it ended without a result.", "ended": "Why it ended without a result.", "entries": "The entries.", "errors": "Every faulty field.", "events": "The public history, newest first.", "extension": "The one extension (gia hạn).",
	"facts": "Facts of the act; no personal data.", "fee": "What was due at reception and whether it was paid.", "fee_case": "Case of the fee, where there are several.", "fee_cases": "Cases of the fee to choose from.", "fee_count": "How many the fee is for, where it is per copy, vehicle or person; left out: one.", "DossierFee.count": "How many the fee is for.", "DossierFee.per": "What the fee is for each of.", "DossierFee.until": "Last day of the fee rule that applied; the dossier keeps its fee.", "FeeRule.level": "Only where a unit of this level decides.", "FeeRule.per": "What the amount is for each of; left out: the dossier.", "FeeRule.to": "Last day of the rule.", "fees": "Rules of the fee that hold on the day.",
	"field": "Slug of the field of procedures.", "Fault.field": `Name of the field, with dots inside objects: "filer.phone".`, "filed_at": "When it was handed in or sent.", "filer": "Who files (người nộp).", "first": "Number of the first receipt.", "form": "Number of the form.",
	"from": "Beginning.", "given_back": "How many cancelled receipts were paid back.", "grants": "Roles held or proposed.", "handed_over": "The proof that the result reached a person.", "hash": "Hash of what the paper says.", "holder": "The unit that has it now.",
	"hours": "Working hours.", "id": "Identifier.", "id_kind": `Kind of paper: "cccd", "cmnd", "passport", "none".`, "id_number": "Number of the identity paper.", "in_time": "It was given before the due date.", "index": "Place in the journal.",
	"initials": "Initials of whose dossier it is.", "intake": "What was sent.", "issued": "Day of issue of the identity paper.", "items": "Everything that is missing, named at once.", "key": "Code and first day: the unit for ever.",
	"kind": "Kind.", "ApplicantPerson.kind": `"citizen", "organisation" or "household_business".`, "ProofStep.kind": `"start", "skip", "pause", "leg", "branch", "extension" or "end".`, "DossierPause.kind": `"supplement", "financial" or "inter-agency".`,
	"LawtimeCalendarDay.kind": `"holiday", "compensation", "swap_off", "swap_work" or "closure".`, "known": "Whether the sources give the amount.", "lang": "Language of the person.", "language": "Language the person speaks.", "last": "Number of the last receipt.", "late": "The due date has passed.",
	"law": `The article, "nd-118-2025/17.2".`, "Applied.law": "Version of the law in force.", "Notices.law": "Version of the law in force.", "Procedures.law": "Version of the law in force.", "law_from": "First day of the procedure's version that holds for the dossier.",
	"left_minutes": "Working minutes left.", "level": `"province", "department", "counter", "district" or "commune".`, "limit": "The limit.", "Question.limit": `A limit instead of a procedure: "3 working_day".`, "Search.limit": "At most this many, up to 50.",
	"login": "Login.", "mandatory": "It must be there.", "me": "The officer.", "money": "What happens to money already paid.", "moved": "Due dates that the notice moved.", "moves": "Due dates that notices moved.",
	"must_change_password": "A start code was used: set a password first.", "must_enrol_second_factor": "A role asks for a second factor: enrol it first.", "name": "Name.", "national_state": "Number in the national list of ten states.",
	"new": "The new date.", "Password.new": "The new password.", "new_due": "The new date.", "next": "What the citizen can do.", "Dossiers.next": "Token of the next page; none at the end.", "note": "A note.", "notice": "Id of the notice.", "notices": "The notices.", "now": "The instant as of which the list is.",
	"nth": "Which count of the shift it is.", "number": "Number.", "obligations": "Money asked during processing.", "officer": "ID of the officer.", "officers": "The officers.", "old": "The old date.", "old_due": "The old date.", "old_number": "Number of the identity paper before.",
	"on": "Day as of which the answer holds.", "originals": "How many originals.", "outcome": `"granted" or "refused".`, "owed": "Whole đồng to be paid.", "owed_for": "What the money is for.", "owner": "Whose dossier it is, when it is not the filer's (chủ hồ sơ).",
	"paid": "It was paid.", "part": `What went: "desk", "competent", "holder" or "consult".`, "passed": "That a unit ended and who took the dossier over; while it is open.", "PassedOn.from": "The unit that ended.", "PassedOn.to": "The unit that took over.", "PassedOn.why": "Why the unit ended.", "DossierPassage.from": "Key of the unit that ended.", "DossierPassage.to": "Key of the unit that took over.", "DossierSuccession.why": "Why the units ended.", "UploadFile.pages": "How many pages it has.", "UploadFile.sha256": "SHA-256 of the bytes that the desk holds.", "UploadFile.size": "Bytes.", "DossierPaper.files": "Files sent online for the paper.", "DossierAnswer.files": "Files sent online for the item.", "answers": "What came in from home, item by item.", "back": "Times that the desk asked to send something again.", "sent": "When an answer from home came in that waits to be looked at.", "passages": "What went from which unit to which.", "successions": "Times that units ended and others took the dossier over.", "paid_at": "When it was paid.", "paper": "The paper.", "paper_in_hand": "The citizen's paper of the receipt was handed back.", "papers": "Papers by name; what is not named was not handed in.", "parent": "Code of the unit above.",
	"password": "Password or start code.", "paused": "The clock stands still.", "Tracked.paused": "Why the clock stands still.", "pauses": "Times in which the clock stood still.", "pay": `"cash" takes the fee now, "later" leaves it.`, "payer": "Who paid.",
	"person": "Badge number: the same on every account of one person.", "Listed.person": "Whose dossier it is.", "phone": "Telephone number.", "plate": "Number plate.", "present": "It was handed in.", "procedure": "Code of the procedure.", "procedures": "The procedures.",
	"process": "Steps of the internal process.", "promised_at": "The date the citizen was last given.", "proof": "How the date came about, sentence by sentence.", "Proof.proof": "Code of the second factor, or the password where there is none.", "proposal": "An apology that waits for its approver.",
	"provisional": "No calendar is published yet for some day it rests on.", "q": "Code, name, identity number, phone or plate.", "qr": "The card's QR was read.", "question": "The question.", "queues": "Number of dossiers by list.",
	"reason": "Why, in the officer's words.", "reasons": "Every reason at once.", "receipt": "Number of the cash receipt.", "receipts": "The receipts.", "Shift.receipts": "Whole đồng taken.", "received": "When the complete dossier was received, with offset.", "received_at": "When it was complete and valid: the clock starts.",
	"reference": "What to tell the technicians.", "refusal": "Why it was not accepted.", "replaces": "The day off that a working day stands for.", "representative": "Who acts for the organisation.", "request": "What is asked for.", "result": "The outcome.", "Procedure.result": "What the procedure gives.",
	"resume": `How the clock goes on after a pause: "shift" or "restart".`, "return_by": `"counter", "post" or "electronic".`, "return_to": "Address for the result.", "returned_at": "When the result was handed over.", "reused": "Taken from a state database instead of asked.",
	"revoked": "Receipts for it that two persons cancelled.", "role": "Role.", "same_day": "The result is given at once.", "second_factor": "The officer has a second factor.", "secret": "Key of the second factor, base32.", "Look.secret": "Key on the slip, 8 characters.", "serial": "Number in the series.", "series": "Series of the receipt.", "sets": "How many sets of papers.",
	"settled": "When it was paid.", "sex": `"male" or "female".`, "short_name": "Short name.", "slips": "Papers issued.", "source": "Where it comes from.", "stage": `"reception" or "appraisal", or the state in which it ended.`, "start_code": "Serves one sign-in within 24 hours; shown once.",
	"started": "When the session began.", "state": "State.", "state_text": "The state in words.", "status": "HTTP status.", "step": "Index of the present step in the process, from 0.", "step_name": "The present step in words.", "subject": "What the entry is about.", "supplements": "Requests for what was missing.",
	"supplied": "When everything had come in.", "support": "The unit that helped to file.", "taken": "When the money was taken.", "Shift.taken": "How many receipts.", "tax_code": "Tax code.", "text": "In words, in the caller's language.", "title": "Title.", "Problem.title": "What is wrong and what to do.", "Tracked.title": "Name of the procedure.", "Dossier.title": "Name of the procedure.", "Listed.title": "Short name of the procedure.",
	"to": "End.", "DossierHandOver.to": "Who takes the result.", "DossierHandedOver.to": "Who took the result.", "todo": "What to do about it.", "token": "Token of the session.", "type": "Always about:blank; code says what it is.",
	"unit": "Code of the unit.", "Capacity.unit": "The unit and those below it.", "Limit.unit": `"hour", "working_day", "day" or "month".`, "LawtimeLimit.unit": `"hour", "working_day", "day" or "month".`, "DossierExtend.unit": `"hour", "working_day", "day" or "month".`, "units": "The units.", "until": "Until when it must come in.", "url": "For the authenticator program.", "version": "Grows with every change.",
	"village": "Hamlet or street group (bản, tổ dân phố).", "voided": "Number of the paper that replaces it.", "why": "What it is for.", "Summary.why": "Why it was found.",
}
