"""A Scrapy spider that follows every link of a site on this machine."""

import os

import scrapy


class Pages(scrapy.Spider):
    """Yield the title of each page."""

    name = "pages"
    start_urls = (f"http://127.0.0.1:{os.environ['PROOF_PORT']}/0.html",)

    def parse(self, response):
        """Yield the title, and a request for each link; one page has no title and fails."""
        self.logger.info("TRACE: parse -> title | page=%s", response.url)
        yield {"title": response.css("title::text").get().upper()}
        yield from response.follow_all(css="a")
