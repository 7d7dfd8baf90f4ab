;;; sotto.el --- Ghost text and code actions from Sotto, in lsp-mode 10  -*- lexical-binding: t -*-

;;; Commentary:
;; (load "/path/to/sotto/editors/emacs/sotto.el")
;; (add-hook 'python-mode-hook #'lsp)
;;
;; Tab or C-RET takes the ghost text; C-n and C-p walk through several; any other key goes on without it.

;;; Code:

(require 'lsp-mode)
(require 'lsp-inline-completion)

(defvar sotto-command '("sotto" "serve")
  "The server's command line.")

(defvar sotto-options nil
  "Settings of docs/settings.md, as a property list: (:maxTokens 48).")

(lsp-register-client
 (make-lsp-client :new-connection (lsp-stdio-connection (lambda () sotto-command))
                  :major-modes '(python-mode python-ts-mode)
                  :initialization-options (lambda () sotto-options)
                  :server-id 'sotto
                  :add-on? t)) ; beside the language's own server

;; lsp-mode waits 2 s, which suits a server far away.
(setq lsp-inline-completion-idle-delay 0.2)
(add-hook 'lsp-mode-hook #'lsp-inline-completion-mode)

;; Most terminals cannot send C-RET.
(define-key lsp-inline-completion-active-map (kbd "TAB") #'lsp-inline-completion-accept)

(provide 'sotto)
;;; sotto.el ends here
